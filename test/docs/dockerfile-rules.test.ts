import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../support/project.ts";

function text(path: string): string {
  return readFileSync(join(projectRoot, path), "utf8");
}

const ROWS = [...text("docs/dev/dockerfile-rules.md").matchAll(/^\| (\d+) \| .+ \| (\S+) \|$/gm)].map(
  ([, rule, file = ""]) => ({ rule: Number(rule), file }),
);

test("docs/dev/dockerfile-rules.md names for each rule a test that names it", () => {
  const rules = ROWS.map(({ rule }) => rule);
  assert.deepEqual(
    [...new Set(rules)].toSorted((a, b) => a - b),
    rules,
    "each has one row, in order",
  );
  assert.ok(rules.length > 50);
  const wrong = ROWS.filter(({ rule, file }) => !new RegExp(`\\brule ${rule}\\b`).test(text(file)));
  assert.deepEqual(wrong, []);
});

test("every rule that code and tests speak of is in docs/dev/dockerfile-rules.md", () => {
  const known = new Set(ROWS.map(({ rule }) => rule));
  const unknown = ["builder", "test"].flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .flatMap((name) => {
        const spoken = text(join(folder, name)).matchAll(/\brules? (\d+)\b/g);
        return [...spoken].filter(([, rule]) => !known.has(Number(rule))).map(([said]) => `${name}: ${said}`);
      }),
  );
  assert.deepEqual(unknown, []);
});
