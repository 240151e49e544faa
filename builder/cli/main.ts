#!/usr/bin/env node
import { Writable } from "node:stream";
import { processIo } from "./process-io.ts";
import { runCli } from "./run-cli.ts";

const io = processIo();
// Not process.stdout: its writes would be cut off by the exit below where the reader is slow.
const stdout = new Writable({
  write(chunk: Uint8Array, _encoding, done) {
    io.stdout.write(chunk);
    done();
  },
});
const status = await runCli(process.argv.slice(2), io, async (options) =>
  (await import("../build.ts")).openTsbuild({ ...options, stdout }),
);
// Not left to the event loop: standard input may be open still. All that was written is out, for writes are synchronous.
process.exit(status);
