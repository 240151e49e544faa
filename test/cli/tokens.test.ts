import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { tokensOf } from "../../builder/cli/tokens.ts";

const OPTIONS = {
  quiet: { type: "boolean", short: "q" },
  tag: { type: "string", short: "t" },
  file: { type: "string", short: "f" },
  "no-cache": { type: "boolean" },
  cache: { type: "string" },
} as const;

const own = new Map(
  Object.entries(OPTIONS).map(([name, { type, ...rest }]) => [
    name,
    { takesValue: type === "string", ...rest },
  ]),
);

const word = fc.oneof(
  fc.constantFrom(
    "-",
    "--",
    "-q",
    "-t",
    "-qt",
    "-tq",
    "-qqf",
    "-x",
    "--quiet",
    "--tag",
    "--tag=",
    "--cache=a=b",
  ),
  fc.constantFrom(
    "--no-cache",
    "--unknown",
    "--unknown=1",
    "-t=x",
    "a",
    "",
    "a=b",
    "-é",
    "--=",
    "---",
    "-qx1",
  ),
  // parseArgs takes the `-` of `-x-` for the end of options.
  fc
    .string({ maxLength: 4, unit: fc.constantFrom("-", "q", "t", "x", "=", " ") })
    .filter((text) => !/^-[^-].*-/.test(text)),
);

test("tokensOf() cuts a command line as util.parseArgs does", () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
      const { tokens } = parseArgs({
        args: argv,
        options: OPTIONS,
        strict: false,
        allowPositionals: true,
        tokens: true,
      });
      assert.deepEqual(plain(tokensOf(argv, own)), plain(tokens));
    }),
    { numRuns: 5000 },
  );
});

/** Without what says that it is undefined. */
function plain(list: readonly object[]): unknown {
  return JSON.parse(JSON.stringify(list));
}
