import { join } from "node:path";
import { storeRoot } from "../store/root.ts";
import { buildId } from "../planning/build-id.ts";
import { CodeCache } from "./code-cache.ts";
import { ProgramParts } from "./program-parts.ts";
import type * as Program from "./program.ts";

/*
 * What the command `tsbuild` runs, bundled: starts program.ts, which lies beside it in a few files, with the machine code
 * that V8 made of them before. Of the 75 ms that a cached build may take, Node itself needs 55.
 */
const argv = process.argv.slice(2);
// What a check or a container runs is other code than what a build does: each has its own, and pays for no more. The first
// build of a store runs its steps, and the next is more like those to come; the first check reads the Dockerfile, and the
// first container is started, as will be those to come.
const kind = argv.includes("--check") ? "-check" : argv[0] === "run" ? "-run" : "";
const folder = join(storeRoot(process.env), "code");
const version = `${buildId}-${process.version}-${process.arch}`;
const parts = new ProgramParts(
  import.meta.dirname,
  (part) => {
    const typical = kind === "" && part === "program" ? 2 : 1;
    return new CodeCache(join(folder, `${version}-${part}${kind}`), typical);
  },
  require,
);
const program = parts.require("program:builder/cli/program.js") as typeof Program;
void program.runProgram(argv).then((status) => {
  if (wentWell(status)) parts.keep();
  // Not left to the event loop: standard input may be open still. All that was written is out, for writes are synchronous.
  process.exit(status);
});

/** A check that found something went well, and so did a container that ended with whatever status of its own. */
function wentWell(status: number): boolean {
  if (kind === "-check") return status <= 1;
  return kind === "-run" ? status < 125 : status === 0 && program.asksForBuild(argv);
}
