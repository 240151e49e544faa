import { join } from "node:path";
import { storeRoot } from "../store/root.ts";
import { buildId } from "../planning/build-id.ts";
import { CodeCache } from "./code-cache.ts";
import type * as Program from "./program.ts";

/*
 * What the command `tsbuild` runs, bundled: starts program.ts, which lies beside it as one file, with the machine code
 * that V8 made of it before. Of the 75 ms that a cached build may take, Node itself needs 55.
 */
const argv = process.argv.slice(2);
// What a check runs is other code than what a build does: each has its own, and pays for no more. The first build of a
// store runs its steps, and the next is more like those to come; the first check reads the Dockerfile, as will those to come.
const checks = argv.includes("--check");
const cache = new CodeCache(
  join(storeRoot(process.env), "code"),
  `${buildId}-${process.version}-${process.arch}${checks ? "-check" : ""}`,
  checks ? 1 : 2,
);
const program = cache.load(join(import.meta.dirname, "program.cjs")) as typeof Program;
void program.runProgram(argv).then((status) => {
  if (checks ? status <= 1 : status === 0 && program.asksForBuild(argv)) cache.keep();
  // Not left to the event loop: standard input may be open still. All that was written is out, for writes are synchronous.
  process.exit(status);
});
