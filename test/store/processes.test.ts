import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { sha256 } from "../../builder/core/digest.ts";
import { scratchStore } from "./scratch.ts";

const script = fileURLToPath(new URL("writer-process.js", import.meta.url));

function start(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
}

test("the index ends equal to the refs when several processes name images at once", async () => {
  using scratch = scratchStore();
  const writers = ["a", "b", "c", "d"].map((name) => start("refs", scratch.root, name, "30"));
  const ends = await Promise.all(writers.map((writer) => once(writer, "exit")));
  assert.deepEqual(
    ends.map(([code]) => code),
    [0, 0, 0, 0],
  );
  const names = scratch.store.refs.list().map((ref) => ref.name);
  assert.equal(names.length, 4 * 20);
  const index = JSON.parse(readFileSync(join(scratch.root, "index.json"), "utf8"));
  const listed = index.manifests.map(
    (m: { annotations: Record<string, string> }) => m.annotations["io.containerd.image.name"],
  );
  assert.deepEqual(listed, names);
  assert.deepEqual(readdirSync(join(scratch.root, "tmp")), []);
});

test("a store is whole when a process that writes to it is killed", async () => {
  using scratch = scratchStore();
  for (let round = 0; round < 3; round++) {
    const writer = start("crash", scratch.root);
    assert.ok(writer.stdout);
    await once(writer.stdout, "data");
    writer.kill("SIGKILL");
    await once(writer, "exit");

    const store = scratch.reopen();
    const blobs = readdirSync(join(scratch.root, "blobs/sha256"));
    for (const hex of blobs)
      assert.equal(sha256(readFileSync(join(scratch.root, "blobs/sha256", hex))), `sha256:${hex}`);
    const refs = readdirSync(join(scratch.root, "refs"));
    assert.equal(store.refs.list().length, refs.length, "every ref can be read");
    for (const { target } of store.refs.list()) assert.ok(store.blobs.has(target.digest));
    for (const hex of readdirSync(join(scratch.root, "layers")))
      assert.ok(store.layers.get(`sha256:${hex}` as never));

    const gone = await store.sweepSessions();
    assert.equal(gone.length, round + 1, "its session is found");
    const index = JSON.parse(readFileSync(join(scratch.root, "index.json"), "utf8"));
    assert.equal(index.manifests.length, refs.length, "and the index mended");
    await store.close();
  }
});
