import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Diagnostic } from "../../builder/core/diagnostic.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { parseDockerfile } from "../../builder/dockerfile/parse.ts";
import { planStages } from "../../builder/stages/plan.ts";
import type { PlanOptions } from "../../builder/stages/types.ts";
import { arbitraryLines } from "../dockerfile/arbitrary.ts";
import { AMD64 } from "../graph/planning.ts";
import { projectRoot } from "../support/project.ts";

const OPTIONS: PlanOptions = {
  buildArgs: { VERSION: "1", UNUSED: "x" },
  labels: {},
  buildPlatform: AMD64,
  targetPlatform: AMD64,
  explicitPlatform: false,
  contexts: [],
  ignored: (path) => (path.includes("a") ? { pattern: "*a*", file: ".dockerignore", line: 1 } : undefined),
};

/** All that is said of a Dockerfile, in the order in which it is said. */
async function told(text: string, withSteps: boolean): Promise<readonly unknown[]> {
  const said: unknown[] = [];
  const images = { resolve: () => Promise.resolve(undefined) };
  const warn = (message: string, diagnostic?: Diagnostic): void => void said.push([message, diagnostic]);
  const dockerfile = parseDockerfile({ name: "Dockerfile", text });
  try {
    await planStages(dockerfile, OPTIONS, images, warn, { all: true, withSteps });
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error;
    said.push([error.code, error.message, error.hint, error.diagnostics]);
  }
  return said;
}

test("planStages() without steps says what it says with them", async () => {
  for (const folder of ["fixtures/dockerfiles", "fixtures/graphs", "fixtures/real-world"]) {
    for (const file of readdirSync(join(projectRoot, folder))) {
      if (!file.endsWith("Dockerfile")) continue;
      const text = readFileSync(join(projectRoot, folder, file), "utf8");
      assert.deepEqual(await told(text, false), await told(text, true), file);
    }
  }
});

test("planStages() without steps says of any lines what it says with them", async () => {
  const text = arbitraryLines.map((lines) => `FROM a AS b\n${lines}`);
  await fc.assert(
    fc.asyncProperty(text, async (text) => {
      assert.deepEqual(await told(text, false), await told(text, true));
    }),
    { numRuns: 300 },
  );
});
