import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectRoot } from "../support/project.ts";

/** Compares a text with the file of its name; UPDATE=1 writes the file instead. */
export function assertGolden(name: string, text: string): void {
  const path = join(projectRoot, "test", name);
  if (process.env["UPDATE"]) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  assert.equal(text, readFileSync(path, "utf8"), `differs from ${name} (UPDATE=1 accepts it)`);
}
