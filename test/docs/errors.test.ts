import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ERROR_CODES } from "../../builder/core/errors.ts";
import { projectRoot } from "../support/project.ts";

test("docs/errors.md has every error code and its exit status, and no other", () => {
  const text = readFileSync(join(projectRoot, "docs/errors.md"), "utf8");
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)].map(([, code, status]) => [
    code ?? "",
    Number(status),
  ]);
  assert.deepEqual(Object.fromEntries(rows), ERROR_CODES);
});

test("every error code is thrown somewhere", () => {
  const sources = ["builder", "runtime"].flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith("core/errors.ts"))
      .map((name) => readFileSync(join(projectRoot, folder, name), "utf8")),
  );
  const unused = Object.keys(ERROR_CODES).filter(
    (code) => !sources.some((source) => source.includes(`"${code}"`)),
  );
  assert.deepEqual(unused, []);
});
