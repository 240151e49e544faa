import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { alignSteps } from "../../builder/explain/align.ts";

interface Step {
  readonly stage: string;
  readonly instruction: string;
  readonly recorded: boolean;
}

/** `stage: instruction` in each. */
function steps(...lines: readonly string[]): Step[] {
  return lines.map((line) => {
    const [stage = "", instruction = ""] = line.split(": ");
    return { stage, instruction, recorded: true };
  });
}

/** For each step of `after` the instruction that it was, or `-`. */
function aligned(before: readonly Step[], after: readonly Step[]): string[] {
  const matches = alignSteps(before, after);
  return after.map((_, number) => {
    const old = before[matches.get(number) ?? -1];
    return old === undefined ? "-" : `${old.stage}: ${old.instruction}`;
  });
}

const OLD = steps("a: WORKDIR /app", "a: COPY src /app", "a: RUN npm ci", "a: RUN npm test");

const cases: readonly [string, readonly Step[], readonly string[]][] = [
  ["each step with itself", OLD, ["WORKDIR /app", "COPY src /app", "RUN npm ci", "RUN npm test"]],
  [
    "nothing with an instruction that was put in between",
    steps("a: WORKDIR /app", "a: COPY src /app", "a: RUN make", "a: RUN npm ci", "a: RUN npm test"),
    ["WORKDIR /app", "COPY src /app", "-", "RUN npm ci", "RUN npm test"],
  ],
  [
    "what is left where one was taken out",
    steps("a: WORKDIR /app", "a: RUN npm ci", "a: RUN npm test"),
    ["WORKDIR /app", "RUN npm ci", "RUN npm test"],
  ],
  [
    "a changed instruction with the likest one of its kind",
    steps("a: WORKDIR /srv", "a: COPY --chmod=644 src /app", "a: RUN npm test --all"),
    ["WORKDIR /app", "COPY src /app", "RUN npm test"],
  ],
  [
    "a stage that has another name by what is in it",
    steps("b: WORKDIR /app", "b: COPY src /app"),
    ["WORKDIR /app", "COPY src /app"],
  ],
];
for (const [what, after, expected] of cases) {
  test(`alignSteps() matches ${what}`, () => {
    assert.deepEqual(
      aligned(OLD, after),
      expected.map((line) => (line === "-" ? line : `a: ${line}`)),
    );
  });
}

test("alignSteps() finds stages without names again when one was put before them", () => {
  const before = steps("stage-0: RUN a", "stage-0: RUN b", "stage-1: RUN c", "stage-1: RUN d");
  const after = steps("stage-0: RUN x y z", "stage-1: RUN a", "stage-1: RUN b", "stage-2: RUN d");
  assert.deepEqual(aligned(before, after), ["-", "stage-0: RUN a", "stage-0: RUN b", "stage-1: RUN d"]);
});

test("alignSteps() gives each step one counterpart, in order within a stage, and keeps equal ones together", () => {
  const list = fc.array(
    fc.record({
      stage: fc.constantFrom("a", "b", "stage-1"),
      instruction: fc.constantFrom("RUN a", "RUN a b", "RUN c", "COPY x /", "COPY y /"),
      recorded: fc.constant(true),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(list, list, (before, after) => {
      const matches = [...alignSteps(before, after)];
      assert.equal(new Set(matches.map(([, old]) => old)).size, matches.length);
      for (const stage of ["a", "b", "stage-1"]) {
        const pairs = matches.filter(([number]) => after[number]?.stage === stage);
        const olds = pairs.sort(([a], [b]) => a - b).map(([, old]) => old);
        assert.deepEqual(
          olds,
          [...olds].sort((a, b) => a - b),
        );
      }
      assert.deepEqual(
        [...alignSteps(before, before)].every(([a, b]) => a === b),
        true,
      );
    }),
  );
});

test("alignSteps() takes no long time over long stages", () => {
  const long = Array.from({ length: 3000 }, (_, n) => ({
    stage: "a",
    instruction: `RUN ${n}`,
    recorded: true,
  }));
  const after = [...long.slice(0, 1500), ...steps("a: RUN new"), ...long.slice(1500)];
  assert.equal(alignSteps(long, after).get(3000), 2999);
});
