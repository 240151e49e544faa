import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CodeCache } from "../../builder/cli/code-cache.ts";
import { ProgramParts } from "../../builder/cli/program-parts.ts";

const PARAMETERS = "exports, require, module, __filename, __dirname, importPackage";
const FIRST = `(function (${PARAMETERS}) { exports.modules = {
"a/one.js": () => ({ file: __filename, sep: require("node:path").sep, other: () => importPackage("rest:a/two.js"), node: () => importPackage("node:os") }),
"a/shared.js": () => ({ number: 41 }) }; })`;
const REST = `(function (${PARAMETERS}) { module.exports = { modules: {
"a/two.js": () => ({ answer: require("program:a/shared.js").number + 1 }) } }; })`;

interface One {
  readonly file: string;
  readonly sep: string;
  other(): Promise<{ readonly answer: number }>;
  node(): Promise<{ readonly EOL: string }>;
}

test("ProgramParts loads a part when one of its modules is asked for, and keeps the code of what it loaded", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  using _ = { [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
  writeFileSync(join(directory, "program.cjs"), FIRST);
  const cacheOf = (part: string): CodeCache => new CodeCache(join(directory, "code", part), 1);
  const parts = new ProgramParts(directory, cacheOf, createRequire(import.meta.url));
  const one = parts.require("program:a/one.js") as One;
  assert.deepEqual([one.file, one.sep], [join(directory, "program.cjs"), "/"]);
  assert.equal((await one.node()).EOL, "\n");
  parts.keep();
  writeFileSync(join(directory, "rest.cjs"), REST);
  assert.equal((await one.other()).answer, 42);
  assert.deepEqual(kept(directory), [true, false]);
  parts.keep();
  assert.deepEqual(kept(directory), [true, true]);
});

function kept(directory: string): readonly boolean[] {
  return ["program", "rest"].map((part) => existsSync(join(directory, "code", part)));
}
