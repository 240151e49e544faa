import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../support/project.ts";

const TEXT = readFileSync(join(projectRoot, "ARCHITECTURE.md"), "utf8");

function folders(parent: string): readonly string[] {
  return readdirSync(join(projectRoot, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

test("ARCHITECTURE.md has every folder of builder/, with its rank", () => {
  const ranks = readFileSync(join(projectRoot, "test/architecture.test.ts"), "utf8");
  const wrong = folders("builder").filter((name) => {
    const [, rank = ""] = new RegExp(`"builder/${name}": (\\d+)`).exec(ranks) ?? [];
    return !TEXT.includes(`| ${rank} | \`builder/${name}\` |`);
  });
  assert.deepEqual(wrong, []);
});

test("ARCHITECTURE.md says what each folder of runtime/ is for", () => {
  const row = /^\| \d+ \| `runtime` \|.*$/m.exec(TEXT)?.[0] ?? "";
  assert.deepEqual(
    folders("runtime").filter((name) => !row.includes(`\`${name}/\``)),
    [],
  );
});

test("ARCHITECTURE.md has a reason for every package", () => {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(projectRoot, "package.json"), "utf8"),
  ) as Record<"dependencies" | "devDependencies", Record<string, string>>;
  const rows = new Set([...TEXT.matchAll(/^\| (\S+) \| .+ \|$/gm)].map(([, name]) => name));
  assert.deepEqual(
    Object.keys(dependencies).filter((name) => !rows.has(name)),
    [],
  );
  assert.deepEqual(
    Object.keys(devDependencies).filter((name) => !TEXT.includes(name)),
    [],
  );
});
