import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseDockerfile } from "../../builder/dockerfile/parse.ts";
import type { Dockerfile } from "../../builder/dockerfile/types.ts";
import { projectRoot } from "../support/project.ts";
import { arbitraryDockerfile, arbitraryLines } from "./arbitrary.ts";
import { printDockerfile } from "./printing.ts";

function parse(text: string): Dockerfile {
  return parseDockerfile({ name: "Dockerfile", text });
}

/** What the instructions say, without where and how they are written. */
function meaning({ directives, instructions }: Dockerfile): unknown {
  const skipped = new Set(["range", "original"]);
  const plain = JSON.stringify({ directives, instructions }, (key, value: unknown) =>
    skipped.has(key) ? undefined : value,
  );
  return JSON.parse(plain);
}

/** Without the instructions in which there is an error: what is left of them is not all that they said. */
function sound(parsed: Dockerfile): Dockerfile {
  const errors = parsed.diagnostics.filter(({ severity }) => severity === "error");
  const instructions = parsed.instructions.filter(
    ({ range: { start, end } }) =>
      !errors.some(({ range }) => range.start.line >= start.line && range.start.line <= end.line),
  );
  return { ...parsed, instructions };
}

for (const folder of ["fixtures/dockerfiles", "fixtures/graphs", "fixtures/real-world"]) {
  test(`what is parsed of ${folder} is parsed again from what is printed of it`, () => {
    for (const file of readdirSync(join(projectRoot, folder))) {
      if (!file.endsWith(".Dockerfile")) continue;
      const parsed = parse(readFileSync(join(projectRoot, folder, file), "utf8"));
      const again = parse(printDockerfile(parsed));
      assert.deepEqual(meaning(again), meaning(parsed), file);
    }
  });
}

for (const [name, texts] of Object.entries({
  "any text": arbitraryDockerfile,
  "any lines": arbitraryLines,
})) {
  test(`what is parsed of ${name} is parsed again from what is printed of it`, () => {
    fc.assert(
      fc.property(texts, (any) => {
        // A file that was decoded has no halves of surrogate pairs.
        const parsed = sound(parse(Buffer.from(any).toString()));
        assert.deepEqual(meaning(parse(printDockerfile(parsed))), meaning(parsed));
      }),
      { numRuns: 1000 },
    );
  });
}
