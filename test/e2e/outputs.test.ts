import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { differences, listTree } from "../support/list-tree.ts";
import { emptied, openRig } from "../support/rig.ts";

const FILES = {
  Dockerfile: `FROM base AS build
RUN node -e 'const fs = require("fs"); fs.mkdirSync("/out/sub", { recursive: true }); fs.writeFileSync("/out/sub/a", "a"); fs.chmodSync("/out/sub/a", 0o4711); fs.linkSync("/out/sub/a", "/out/b"); fs.symlinkSync("sub/a", "/out/c")'
FROM scratch
COPY --from=build --chown=12:34 /out /files
COPY ["big.bin", "name with space", "/files/"]
CMD ["/files/b"]
`,
  "big.bin": "x".repeat(3_000_000),
  "name with space": "spaced\n",
};

test("every output holds the same files and is read by the tools that it is for", async (t) => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context(FILES);
  const build = async (...flags: string[]): Promise<void> => {
    const { status, stderr } = await rig.tsbuild([
      "build",
      "--progress=plain",
      "-t",
      "app:1",
      ...base,
      ...flags,
      context,
    ]);
    assert.equal(status, 0, stderr);
  };
  const same = (root: string): void =>
    assert.deepEqual(differences(listTree(root), listTree(rig.path("local"))), []);

  await build("-o", `type=local,dest=${rig.path("local")}`);
  const listing = listTree(rig.path("local"));
  assert.ok(
    listing.some((line) => /^files\/sub\/a f 4711 12:34 .* = files\/b /.test(line)),
    listing.join("\n"),
  );
  assert.equal(readFileSync(rig.path("local/files/name with space"), "utf8"), "spaced\n");

  await t.test("tar", async () => {
    await build("-o", `type=tar,dest=${rig.path("root.tar")}`);
    execFileSync("mkdir", [rig.path("tar")]);
    execFileSync("tar", ["--numeric-owner", "-xpf", rig.path("root.tar"), "-C", rig.path("tar")]);
    same(rig.path("tar"));
  });

  await t.test("tar on standard output", async () => {
    const child = rig.start(["build", ...base, "-o", "type=tar,dest=-", context]);
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout ?? []) chunks.push(chunk as Buffer);
    assert.ok(Buffer.concat(chunks).equals(readFileSync(rig.path("root.tar"))));
  });

  await t.test("oci, read by skopeo and umoci", async () => {
    await build("-o", `type=oci,dest=${rig.path("app.oci.tar")}`);
    execFileSync("skopeo", [
      "copy",
      "--quiet",
      `oci-archive:${rig.path("app.oci.tar")}`,
      `oci:${rig.path("oci")}:app`,
    ]);
    execFileSync("umoci", ["raw", "unpack", "--image", `${rig.path("oci")}:app`, rig.path("oci-root")], {
      stdio: "ignore",
    });
    same(rig.path("oci-root"));
  });

  await t.test("docker, read by skopeo as docker reads it", async () => {
    await build("-o", `type=docker,dest=${rig.path("app.docker.tar")}`);
    const manifest = execFileSync("tar", ["-xOf", rig.path("app.docker.tar"), "manifest.json"], {
      encoding: "utf8",
    });
    assert.deepEqual((JSON.parse(manifest) as { RepoTags: unknown }[])[0]?.RepoTags, ["app:1"]);
    execFileSync("skopeo", [
      "copy",
      "--quiet",
      `docker-archive:${rig.path("app.docker.tar")}:app:1`,
      `oci:${rig.path("docker")}:app`,
    ]);
    execFileSync(
      "umoci",
      ["raw", "unpack", "--image", `${rig.path("docker")}:app`, rig.path("docker-root")],
      { stdio: "ignore" },
    );
    same(rig.path("docker-root"));
  });

  await t.test("the store, read by skopeo as a layout", async () => {
    await build();
    execFileSync("skopeo", ["copy", "--quiet", `oci:${rig.store}:app:1`, `oci:${rig.path("copied")}:app`]);
    execFileSync("umoci", ["raw", "unpack", "--image", `${rig.path("copied")}:app`, rig.path("store-root")], {
      stdio: "ignore",
    });
    same(rig.path("store-root"));
  });

  await t.test("--iidfile, --metadata-file and -q agree", async () => {
    await build("--iidfile", rig.path("iid"), "--metadata-file", rig.path("metadata.json"));
    const quiet = await rig.tsbuild(["build", "-q", "-t", "app:1", ...base, context]);
    const metadata = JSON.parse(readFileSync(rig.path("metadata.json"), "utf8")) as Record<string, string>;
    assert.equal(quiet.stdout.trim(), readFileSync(rig.path("iid"), "utf8").trim());
    assert.equal(metadata["containerimage.config.digest"], quiet.stdout.trim());
  });

  assert.ok(statSync(join(rig.store, "blobs")).isDirectory());
  await emptied(join(rig.store, "tmp"));
});

test("an output that a directory is in the way of is explained and leaves nothing behind", async () => {
  await using rig = openRig();
  const context = rig.context({ Dockerfile: "FROM scratch\nCOPY a /\n", a: "a" });
  const { status, stderr } = await rig.tsbuild(["build", "-o", `type=oci,dest=${context}`, context]);
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^error: Cannot write /m);
  assert.doesNotMatch(stderr, /bug in tsbuild/);
  assert.deepEqual(
    readdirSync(rig.directory).filter((name) => name.includes("tsbuild-")),
    [],
  );
});
