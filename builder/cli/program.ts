import { Writable } from "node:stream";
import { findCommand } from "./catalog.ts";
import { processIo } from "./process-io.ts";
import { runCli } from "./run-cli.ts";

/** The command line of this process, from its arguments to its exit status. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const io = processIo();
  // Not process.stdout: its writes would be cut off by the exit that follows where the reader is slow.
  const stdout = (): Writable =>
    new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        io.stdout.write(chunk);
        done();
      },
    });
  return runCli(argv, io, async (options) =>
    (await import("../build.ts")).openTsbuild(Object.assign(options, { stdout })),
  );
}

/** Whether the arguments ask for a build: what start.ts makes fast. */
export function asksForBuild(argv: readonly string[]): boolean {
  const [first] = argv;
  if (first === undefined || argv.some((word) => /^(?:--help|-h|--version|-v)$/.test(word))) return false;
  return first === "build" || findCommand(first) === undefined;
}
