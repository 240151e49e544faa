import assert from "node:assert/strict";
import { test } from "node:test";
import type { BuildOptions } from "../../builder/api/types.ts";
import type { Contexts } from "../../builder/inputs/open-contexts.ts";
import { readDockerfile } from "../../builder/planning/dockerfile-source.ts";

/** A context with these files, each with its own name in it. */
function having(...names: readonly string[]): Contexts {
  const readFile = (name: string): Buffer | undefined =>
    names.includes(name) ? Buffer.from(name) : undefined;
  return { main: { name: "context", readFile }, isLocal: false } as unknown as Contexts;
}

const options = {} as BuildOptions;

test("readDockerfile() looks for Dockerfile, dockerfile and Containerfile, in this order", async () => {
  const read = async (...names: readonly string[]): Promise<string> =>
    (await readDockerfile(options, having(...names))).text;
  assert.equal(await read("Containerfile", "dockerfile", "Dockerfile"), "Dockerfile");
  assert.equal(await read("Containerfile", "dockerfile"), "dockerfile");
  assert.equal(await read("Containerfile"), "Containerfile");
  await assert.rejects(
    readDockerfile(options, having("DOCKERFILE")),
    /Cannot find a Dockerfile in "context": there is no Dockerfile, no dockerfile, no Containerfile/,
  );
});

test("readDockerfile() takes the file that --file names and no other", async () => {
  const named = { dockerfile: "d/other" } as BuildOptions;
  assert.deepEqual(await readDockerfile(named, having("Dockerfile", "d/other")), {
    name: "other",
    text: "d/other",
  });
  await assert.rejects(readDockerfile(named, having("Dockerfile")), /Cannot read Dockerfile "d\/other"/);
});
