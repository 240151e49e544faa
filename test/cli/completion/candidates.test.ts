import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { complete } from "../../../builder/cli/completion/candidates.ts";

const names = { images: async () => ["app:latest", "base:1"], containers: async () => ["brave_web", "db"] };

test("complete() offers what may stand where the cursor is", async () => {
  const table: readonly (readonly [line: string, texts: readonly string[], paths: string])[] = [
    ["pu", ["push", "pull"], "directories"],
    ["hel", ["help"], "directories"],
    ["help pu", ["push", "pull"], "none"],
    ["--ta", ["--tag", "--target"], "none"],
    ["build --ta", ["--tag", "--target"], "none"],
    ["--progress r", ["rawjson"], "none"],
    ["--progress=r", ["--progress=rawjson"], "none"],
    ["-j 2 ", [], "directories"],
    ["-f ", [], "files"],
    ["--iidfile=x", [], "files"],
    ["-t app . ", [], "none"],
    ["run ", ["app:latest", "base:1"], "none"],
    ["run b", ["base:1"], "none"],
    ["run --rm base:1 --", [], "files"],
    ["run -- b", ["base:1"], "none"],
    ["rmi app:latest ", ["app:latest", "base:1"], "none"],
    ["stop ", ["brave_web", "db"], "none"],
    ["exec d", ["db"], "none"],
    ["exec -it db s", [], "files"],
    ["cache ", ["save", "restore"], "none"],
    ["cache save ", [], "files"],
    ["doctor ", [], "none"],
    ["--nothing=", [], "none"],
    ["--pull", ["--pull"], "none"],
    ["--pull --qui", ["--quiet"], "none"],
  ];
  for (const [line, texts, paths] of table) {
    const found = await complete(line.split(" "), names);
    assert.deepEqual([found.candidates.map(({ text }) => text), found.paths], [texts, paths], line);
  }
});

async function texts(line: string): Promise<readonly string[]> {
  return (await complete(line.split(" "), names)).candidates.map(({ text }) => text);
}

test("complete() finds the stages of the Dockerfile that the line names", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, "Dockerfile"), "from a AS deps\nRUN FROM x AS no\n  FROM b as test\nFROM $");
  assert.deepEqual(await texts(`-f ${directory}/Dockerfile --target `), ["deps", "test"]);
  assert.deepEqual(await texts(`build ${directory} --target t`), ["test"]);
  assert.deepEqual(await texts(`-f ${directory}/none --target `), []);
});
