import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../support/project.ts";

test("native/README.md has every source file in the row of its folder", () => {
  const text = readFileSync(join(projectRoot, "native/README.md"), "utf8");
  const rowOf = (folder: string): string =>
    text.split("\n").findLast((line) => line.startsWith(`| \`${folder}\` |`)) ?? "";
  const sources = readdirSync(join(projectRoot, "native"), { recursive: true, encoding: "utf8" });
  const missing = sources.filter((path) => {
    if (!path.endsWith(".c") || !path.includes("/")) return false;
    return !new RegExp(`\\b${basename(path, ".c")}\\b`).test(rowOf(dirname(path)).replace(/^\|[^|]*\|/, ""));
  });
  assert.deepEqual(missing, []);
});
