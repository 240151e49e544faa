import assert from "node:assert/strict";
import { test } from "node:test";
import { openRig, type Rig } from "../support/rig.ts";

async function ok(rig: Rig, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await rig.tsbuild(args);
  assert.equal(status, 0, stderr);
  return stdout;
}

/** Repository and tag of each image. */
async function listed(rig: Rig): Promise<readonly string[]> {
  return (await ok(rig, "images", "--format", "{{.Repository}} {{.Tag}} {{.ID}}")).trim().split("\n");
}

test("an image without a name is known by its id, until it gets a name", async () => {
  await using rig = openRig();
  await using other = openRig();
  const context = rig.context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\nLABEL a=b\n" });
  const id = (await ok(rig, "build", "-q", context)).trim();
  const short = id.slice(7, 19);
  assert.deepEqual(await listed(rig), [`<none> <none> ${short}`]);
  assert.equal(await ok(rig, "images", "-q", "--filter", "dangling=true"), `${short}\n`);
  const [inspected] = JSON.parse(await ok(rig, "inspect", short)) as { Id: string; RepoTags: string[] }[];
  assert.deepEqual([inspected?.Id, inspected?.RepoTags], [id, []]);
  const pushed = await rig.tsbuild(["push", short]);
  assert.match(pushed.stderr, /Cannot push image \w+: it has no name\nhint: .*tsbuild tag/);

  await ok(rig, "save", "-o", rig.path("image.tar"), short);
  await ok(rig, "save", "--format=oci", "-o", rig.path("image.oci.tar"), id);
  assert.equal(await ok(other, "load", "-i", rig.path("image.tar")), `Loaded image ID: ${id}\n`);
  assert.equal(await ok(other, "load", "-q", "-i", rig.path("image.oci.tar")), `${id}\n`);
  assert.deepEqual(await listed(other), [`<none> <none> ${short}`]);

  // What a build left goes with the cache, what somebody brought stays.
  await ok(other, "build", "-q", rig.context({ Dockerfile: "FROM scratch\nCOPY more /\n", more: "" }, "b"));
  assert.equal((await listed(other)).length, 2);
  await ok(other, "prune", "--all", "-f");
  assert.deepEqual(await listed(other), [`<none> <none> ${short}`]);
  await ok(other, "tag", short, "app");
  assert.match((await listed(other)).join("\n"), /^app latest/m);
  await ok(other, "copy", "store:app", `oci:${rig.path("layout")}:x`);

  await ok(rig, "tag", short, "app");
  assert.deepEqual(await listed(rig), [`app latest ${short}`]);
  // Built again without a name it is the image that has one.
  await ok(rig, "build", "-q", context);
  assert.deepEqual(await listed(rig), [`app latest ${short}`]);
  await ok(rig, "rmi", "app");
  await ok(rig, "build", "-q", context);
  assert.match(await ok(rig, "rmi", short), /^Deleted: sha256:/);
  assert.deepEqual(await listed(rig), [""]);
});
