import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { projectRoot } from "./support/project.ts";

/** A folder imports lower ranks and itself. */
const RANKS: Readonly<Record<string, number>> = {
  "builder/core": 0,
  "builder/dockerfile": 1,
  "builder/image": 1,
  "builder/net": 1,
  "builder/store": 1,
  "builder/stages": 2,
  "builder/layers": 2,

  "builder/context": 3,
  "builder/compare": 3,
  "builder/graph": 3,
  "builder/leaks": 3,
  "builder/attest": 4,
  "builder/registry": 4,
  "builder/thread": 4,
  runtime: 4,
  "builder/cache": 5,
  "builder/solver": 6,
  "builder/space": 6,
  "builder/ops": 7,
  "builder/explain": 7,
  "builder/outputs": 7,
  "builder/api": 8,
  "builder/session": 9,
  "builder/inputs": 10,
  "builder/containers": 10,
  "builder/planning": 11,
  "builder/images": 11,
  "builder/building": 12,
  builder: 13,
  "builder/progress": 14,
  "builder/report": 15,
  "builder/cli": 16,
};
const MAX_LINES = 300;

const files = [...sources("builder", ".ts"), ...sources("runtime", ".ts")];
const imports = new Map(files.map((file) => [file, importsOf(file)]));

test("every folder has a rank", () => {
  const unranked = files.filter((file) => RANKS[folderOf(file)] === undefined);
  assert.deepEqual(unranked, []);
});

test("a file imports only lower ranks and its own folder", () => {
  const wrong: string[] = [];
  for (const [file, targets] of imports) {
    for (const target of targets) {
      const from = folderOf(file);
      const to = folderOf(target);
      if (from !== to && (RANKS[to] ?? 99) >= (RANKS[from] ?? 0)) wrong.push(`${file} → ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("no imports go in a circle", () => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (done.has(file)) return;
    assert.ok(!path.includes(file), `circle: ${[...path, file].join(" → ")}`);
    for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

test("only progress and the command line write to the terminal", () => {
  const writers = files.filter((file) => /process\.(stdout|stderr)\.write|console\./.test(read(file)));
  const wrong = writers.filter((file) => !/^builder\/(progress|cli)\//.test(file));
  assert.deepEqual(wrong, []);
});

test("no file is longer than a reader's patience", () => {
  const all = [...files, ...sources("test", ".ts"), ...sources("native", ".c"), ...sources("native", ".h")];
  const long = all.filter((file) => read(file).split("\n").length - 1 > MAX_LINES);
  assert.deepEqual(long, []);
});

function sources(folder: string, extension: string): string[] {
  const root = join(projectRoot, folder);
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(extension) && !name.endsWith(".d.ts") && !name.startsWith("build/"))
    .map((name) => relative(projectRoot, join(root, name)))
    .sort();
}

function read(file: string): string {
  return readFileSync(join(projectRoot, file), "utf8");
}

/** Relative imports, lazy ones too; imports of types alone bind nothing at run time but still tie folders together. */
function importsOf(file: string): string[] {
  const found = read(file).matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g);
  return [...found].map((match) =>
    relative(projectRoot, resolve(projectRoot, dirname(file), match[1] ?? "")),
  );
}

function folderOf(file: string): string {
  const [top = "", second = ""] = file.split("/");
  if (top === "runtime") return "runtime";
  return second.endsWith(".ts") ? "builder" : `${top}/${second}`;
}
