import assert from "node:assert/strict";
import { test } from "node:test";
import { TsbuildError } from "../../builder/core/errors.ts";
import { plan } from "../graph/planning.ts";

/** A line for each number, put together. */
function lines(count: number, line: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => line(at)).join("\n");
}

const DEBIAN = "FROM debian\n";
const TOO_LARGE = /come to more than 67108864 characters/;

/** What a hostile or a generated Dockerfile comes to: so many steps, or an error that says why not. */
const CASES: Readonly<Record<string, readonly [text: () => string, result: number | RegExp]>> = {
  "10 MB of instructions": [() => DEBIAN + lines(10_000, () => `RUN ${"a".repeat(995)}`), 10_001],
  "10 MB of a heredoc": [() => `${DEBIAN}ENV v=1\nCOPY <<E /x\n${"abcdefgh$v\n".repeat(900_000)}E\n`, 2],
  "17 MB": [() => DEBIAN + "#".repeat(17_000_000), /longer than 16777216 characters/],
  "100,000 instructions": [() => DEBIAN + lines(100_000, () => "RUN x"), /more than 20000 instructions/],
  "19,000 steps": [() => DEBIAN + lines(19_000, (at) => `RUN ${at}`), 19_001],
  "19,000 triggers": [
    () => `FROM debian AS a\n${lines(19_000, (at) => `ONBUILD RUN ${at}`)}\nFROM a`,
    19_001,
  ],
  "19,000 COPYs": [() => DEBIAN + lines(19_000, (at) => `COPY f${at} /`), 19_002],
  "a line of a megabyte": [() => `${DEBIAN}RUN ${"x ".repeat(500_000)}`, 2],
  "a value of a megabyte": [() => `${DEBIAN}ENV a=${"x".repeat(1_000_000)}`, 1],
  "500,000 continued lines": [() => `${DEBIAN}RUN a${" \\\n".repeat(500_000)}b`, 2],
  "5,000 heredocs of one COPY": [
    () =>
      `${DEBIAN}COPY ${lines(5000, (at) => `<<E${at}`).replaceAll("\n", " ")} /x/\n${lines(5000, (at) => `E${at}`)}`,
    2,
  ],
  "20,000 mounts of one RUN": [() => `${DEBIAN}RUN ${"--mount=type=cache,target=/c ".repeat(20_000)}x`, 2],
  "defaults 90 deep": [() => `${DEBIAN}ENV a=${"${x:-".repeat(90)}v${"}".repeat(90)}`, 1],
  "defaults 200,000 deep": [
    () => `${DEBIAN}ENV a=${"${x:-".repeat(200_000)}${"}".repeat(200_000)}`,
    /nested more than 100 times/,
  ],
  "arrays 100,000 deep": [
    () => `${DEBIAN}RUN ${"[".repeat(100_000)}${"]".repeat(100_000)}`,
    /elements that are not strings/,
  ],
  "quotes without end": [() => `${DEBIAN}ENV a=${`'"`.repeat(300_000)}`, 1],
  "stages in a circle": [
    () => "FROM debian AS a\nCOPY --from=b / /\nFROM a AS b\n",
    /stage "b": it begins later/,
  ],
  "a stage of itself": [() => "FROM debian AS a\nCOPY --from=a / /\n", /stage "a": it is this stage/],
  "19,990 stages": [() => lines(19_990, (at) => `FROM debian AS s${at}`), 1],
  "19,000 stages, each of the one before": [
    () => lines(19_000, (at) => `FROM ${at === 0 ? "debian" : `s${at - 1}`} AS s${at}`),
    1,
  ],
  "9,000 stages that all are copied from": [
    () =>
      [
        lines(9_000, (at) => `FROM debian AS s${at}`),
        DEBIAN,
        lines(9_000, (at) => `COPY --from=s${at} a /`),
      ].join("\n"),
    9_001,
  ],
  "a pattern against backtracking, to replace": [
    () => `${DEBIAN}ENV v=${"a".repeat(20_000)}b\nENV r=\${v//*a*a*a*a*a*a*a*c/x}`,
    /takes too long to match/,
  ],
  "a pattern against backtracking, to remove": [
    () => `${DEBIAN}ENV v=${"a".repeat(200_000)}b\nENV r=\${v%%*a*a*a*a*a*a*a*c}`,
    1,
  ],
  "a value that doubles in each line": [
    () => `${DEBIAN}ENV v=xxxxxxxxxx\n${"ENV v=$v$v\n".repeat(60)}`,
    /longer than 16777216 characters/,
  ],
  "a large value in each line": [
    () => `${DEBIAN}ENV v=${"x".repeat(1_000_000)}\n${"LABEL a=$v$v$v$v$v$v$v$v\n".repeat(1000)}`,
    TOO_LARGE,
  ],
  "an environment of 5,000 in 5,000 steps": [
    () => DEBIAN + lines(5000, (at) => `ARG a${at}=b\nRUN x`),
    TOO_LARGE,
  ],
  "every port, again and again": [() => `${DEBIAN}EXPOSE ${"1-65535 ".repeat(2000)}`, TOO_LARGE],
  "every port in each of 9,000 stages": [
    () => `FROM debian AS s0\nEXPOSE 1-65535\n${lines(9_000, (at) => `FROM s${at} AS s${at + 1}`)}`,
    TOO_LARGE,
  ],
  "an ENV in each of 9,000 stages": [
    () => `FROM debian AS s0\n${lines(9_000, (at) => `FROM s${at} AS s${at + 1}\nENV a${at}=b`)}`,
    TOO_LARGE,
  ],
  "5,000 variables, and as many that are not set": [
    () =>
      `${DEBIAN}${lines(5000, (at) => `ENV abcdefgh${at}=b`)}\n${lines(5000, (at) => `LABEL x=$abcdxfgh${at}z`)}`,
    1,
  ],
  "19,000 lines that say nothing": [() => DEBIAN + "NO x\n".repeat(19_000), /it has 100 errors/],
};

for (const [name, [text, result]] of Object.entries(CASES)) {
  // The limit is to tell "slow" from "never" on any machine: each takes about a second at most.
  test(`planBuild() has a result or an error for ${name}`, { timeout: 300_000 }, async () => {
    try {
      const { vertices } = await plan(text());
      assert.equal(vertices.length, result);
    } catch (error) {
      assert.ok(error instanceof TsbuildError && result instanceof RegExp, String(error));
      assert.match(error.message, result);
    }
  });
}
