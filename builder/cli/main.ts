#!/usr/bin/env node
import { processIo } from "./process-io.ts";
import { runCli } from "./run-cli.ts";

const status = await runCli(process.argv.slice(2), processIo(), async (options) =>
  (await import("../build.ts")).openTsbuild(options),
);
// Not left to the event loop: standard input may be open still. All that was written is out, for writes are synchronous.
process.exit(status);
