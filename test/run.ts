import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { SHARED } from "./support/base-layout.ts";
import { projectRoot } from "./support/project.ts";

/*
 * Runs the compiled tests, all of them or those whose path contains an argument. Not `node --test`: that sorts the files by
 * name, and here the longest begin first, so that none is left to run alone at the end.
 */

/** Files that take long, the longest first. The rest is short. */
const LONG = [
  "docs/run",
  "e2e/debian",
  "e2e/package",
  "e2e/differential",
  "e2e/stress",
  "runtime/",
  "e2e/",
  "attacks/",
];

/** Files at once. More than there are processors hold each other up, and with it what waits for an answer. */
const concurrency = Number(process.env["TSBUILD_TEST_CONCURRENCY"] ?? availableParallelism());

/** A file that takes so long waits for what never comes: it is ended, and named (ms). */
const HANGS = 20 * 60_000;

const compiled = join(projectRoot, "dist/test");
const wanted = process.argv.slice(2);
const rank = (name: string): number => {
  const found = LONG.findIndex((part) => name.includes(part));
  return found < 0 ? LONG.length : found;
};
const files = readdirSync(compiled, { recursive: true, encoding: "utf8" })
  .filter(
    (name) =>
      name.endsWith(".test.js") && (wanted.length === 0 || wanted.some((part) => name.includes(part))),
  )
  .sort()
  .sort((a, b) => rank(a) - rank(b))
  .map((name) => join(compiled, name));
if (files.length === 0) {
  process.stderr.write(`test: no path has ${wanted.join(" or ")} in it\n`);
  process.exit(2);
}
process.chdir(projectRoot);
const shared = mkdtempSync(join(tmpdir(), "tsbuild-"));
process.env[SHARED] = shared;
process.once("exit", () => rmSync(shared, { recursive: true, force: true }));
// Each file's process gets these.
process.execArgv.push("--enable-source-maps");
run({ files, concurrency, timeout: HANGS })
  .on("test:fail", () => (process.exitCode = 1))
  .compose(new spec())
  .pipe(process.stdout);
