import assert from "node:assert/strict";
import { test } from "node:test";
import { buildSummary } from "../../builder/cli/commands/build/build-summary.ts";
import type { StepGrowth } from "../../builder/api/growth.ts";
import type { BuildResult } from "../../builder/api/types.ts";
import type { Bytes } from "../../builder/core/bytes.ts";
import { DIGEST, IMAGE_ID } from "./rig.ts";

const RESULT: BuildResult = {
  imageId: IMAGE_ID,
  digest: DIGEST,
  names: ["docker.io/library/app:latest", "r.test/me/app:1"],
  platforms: [{ os: "linux", architecture: "amd64" }],
  ran: 2,
  cached: 1,
};
const ID = IMAGE_ID.slice(7, 19);

test("buildSummary() says in one line what was built, how long it took and what ran", () => {
  assert.equal(
    buildSummary(RESULT, 1234, false),
    `Built app:latest r.test/me/app:1 ${ID} in 1.2s: 2 steps run, 1 cached`,
  );
  const { imageId: _, ...local } = RESULT;
  assert.match(
    buildSummary({ ...local, names: [], ran: 1 }, 0, false),
    /^Built the result in 0\.0s: 1 step run/,
  );
});

test("buildSummary() says where it was pushed, as a name that stays", () => {
  assert.deepEqual(buildSummary(RESULT, 0, true).split("\n").slice(1), [
    `Pushed app:latest@${DIGEST}`,
    `Pushed r.test/me/app:1@${DIGEST}`,
  ]);
});

function step(
  number: number,
  size: number,
  files: readonly (readonly [path: string, size: number])[] = [],
): StepGrowth {
  return {
    step: `[${number}/9] RUN \x1b[2Jstep ${number}`,
    size,
    files: files.map(([path, bytes]) => ({ path: path as Bytes, size: bytes })),
  };
}

test("buildSummary() names the steps that the image grew by, and their largest files", () => {
  const growth = [
    step(1, 900),
    step(2, 12_300_000, [
      ["usr/lib/gcc", 11_000_000],
      ["etc/x", 5],
    ]),
    ...[3, 4, 5, 6, 7].map((number) => step(number, number * 1_000_000)),
    step(8, 230_000_000, [["opt/b\xff", 229_000_000]]),
  ];
  assert.deepEqual(
    buildSummary({ ...RESULT, growth }, 0, false)
      .split("\n")
      .slice(1),
    [
      "   +230MB  [8/9] RUN step 8",
      "             /opt/b\\xff 229MB",
      "  +12.3MB  [2/9] RUN step 2",
      "             /usr/lib/gcc 11MB",
      "     +7MB  [7/9] RUN step 7",
      "     +6MB  [6/9] RUN step 6",
      "     +5MB  [5/9] RUN step 5",
      "  and 2 more that add 7MB",
    ],
  );
});
