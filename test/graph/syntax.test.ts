import assert from "node:assert/strict";
import { test } from "node:test";
import { plan } from "./planning.ts";

async function warnings(syntax: string): Promise<readonly string[]> {
  return (await plan(`# syntax=${syntax}\nFROM debian`)).warnings;
}

test("planBuild() says that it uses no other reader of Dockerfiles than itself", async () => {
  for (const syntax of [
    "docker/dockerfile",
    "docker/dockerfile:1.7-labs",
    "docker.io/docker/dockerfile:1@sha256:0",
  ]) {
    assert.deepEqual(await warnings(syntax), [], syntax);
  }
  for (const syntax of ["docker/dockerfilex:1", "example.com/frontend", "docker/dockerfile-other"]) {
    assert.deepEqual(await warnings(syntax), [
      `# syntax=${syntax} has no effect: tsbuild reads Dockerfiles itself, as docker/dockerfile:1 does`,
    ]);
  }
});
