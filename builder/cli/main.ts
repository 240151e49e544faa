#!/usr/bin/env node
import { runProgram } from "./program.ts";

/*
 * The command line out of the compiled files as they are. What is installed is the bundle of it (start.ts).
 *
 * The exit is not left to the event loop: standard input may be open still. All that was written is out, for writes are
 * synchronous.
 */
process.exit(await runProgram(process.argv.slice(2)));
