import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { node, openBuilder } from "./builder.ts";

interface Config {
  readonly rootfs: { readonly diff_ids: readonly string[] };
  readonly history: readonly { readonly empty_layer?: boolean; readonly created_by?: string }[];
}

test("what layers are made of", async (t) => {
  await using builder = await openBuilder();
  const { rig, build } = builder;
  const { status, stderr } = await build(
    "FROM base",
    node(
      `fs.mkdirSync("/d/deep", {recursive: true}); fs.writeFileSync("/d/deep/f", "1"); fs.writeFileSync("/kept", "2")`,
    ),
    node(`fs.rmSync("/d", {recursive: true}); fs.writeFileSync("/d", "a file")`),
    node(`fs.linkSync("/kept", "/second")`),
    node(`fs.rmSync("/kept")`),
    "RUN true",
    node(`fs.mkdirSync("/o"); fs.writeFileSync("/o/low", "")`),
    node(`fs.rmSync("/o", {recursive: true}); fs.mkdirSync("/o"); fs.writeFileSync("/o/high", "")`),
    "LABEL a=b",
  );
  assert.equal(status, 0, stderr);
  const blob = (digest: string): string => join(rig.store, "blobs", digest.replace(":", "/"));
  const read = (digest: string): unknown => JSON.parse(readFileSync(blob(digest), "utf8"));
  const index = JSON.parse(readFileSync(join(rig.store, "index.json"), "utf8")) as {
    manifests: { digest: string }[];
  };
  const manifest = read(index.manifests[0]?.digest ?? "") as {
    config: { digest: string };
    layers: unknown[];
  };
  const config = read(manifest.config.digest) as Config;
  const diffIds = config.rootfs.diff_ids;
  const history = config.history.slice(-8);
  /** What GNU tar says of the layer of the n-th RUN: names, and what links lead to. */
  const layer = (n: number): readonly string[] => {
    const path = blob(diffIds[diffIds.length - 7 + n] ?? "");
    assert.ok(existsSync(path));
    const text = execFileSync("tar", [
      "--list",
      "--verbose",
      "--numeric-owner",
      "--full-time",
      "--utc",
      "-f",
      path,
    ]);
    return text
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split(/\s+/).slice(5).join(" "));
  };

  await t.test("rule 44: what is gone is an empty file named .wh., what was opaque is many of them", () => {
    assert.deepEqual(layer(3), [".wh.kept"]);
    assert.deepEqual(layer(6), ["o/", "o/high", "o/.wh.low"]);
  });
  await t.test("rule 45: names are relative, parents come first, a file stands where a directory was", () => {
    assert.deepEqual(layer(0), ["d/", "d/deep/", "d/deep/f", "kept"]);
    assert.deepEqual(layer(1), ["d"]);
  });
  await t.test("rule 45: a hard link to a file of a lower layer brings that file along", () => {
    assert.deepEqual(layer(2), ["kept", "second link to kept"]);
  });
  await t.test("rule 47: a step that changes nothing makes a layer, and each layer has its line", () => {
    assert.deepEqual(layer(4), []);
    assert.equal(manifest.layers.length, diffIds.length);
    assert.equal(config.history.filter((entry) => entry.empty_layer !== true).length, diffIds.length);
    assert.deepEqual(
      history.map((entry) => entry.empty_layer === true),
      [false, false, false, false, false, false, false, true],
    );
  });
});
