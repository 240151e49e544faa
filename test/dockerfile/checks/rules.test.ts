import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf } from "../../../builder/core/bytes.ts";
import { descriptionOfRule } from "../../../builder/cli/commands/build/rules.ts";
import type { PlanOptions } from "../../../builder/stages/types.ts";
import { plan, type FakeImage } from "../../graph/planning.ts";

interface Case {
  readonly rule: string;
  /** Warned of, at this line. */
  readonly bad: string;
  readonly line: number;
  readonly good: readonly string[];
  readonly options?: Partial<PlanOptions>;
  readonly images?: Readonly<Record<string, FakeImage>>;
}

const HIDDEN: Partial<PlanOptions> = {
  ignored: (path) =>
    path === bytesOf("dist/a") ? { pattern: "dist", file: ".dockerignore", line: 2 } : undefined,
};

const CASES: readonly Case[] = [
  { rule: "StageNameCasing", bad: "FROM debian AS App", line: 1, good: ["FROM debian AS app"] },
  {
    rule: "FromAsCasing",
    bad: "FROM debian as app",
    line: 1,
    good: ["FROM debian AS app", "from debian as app", "From debian as app"],
  },
  {
    rule: "NoEmptyContinuation",
    bad: "FROM debian\nRUN a \\\n\n  b",
    line: 3,
    good: ["FROM debian\nRUN a \\\n# comment\n  b"],
  },
  {
    rule: "ConsistentInstructionCasing",
    bad: "FROM debian\nRUN a\nrun b",
    line: 3,
    good: ["FROM debian\nRUN a", "from debian\nrun a", "arg A=1\nFROM debian"],
  },
  {
    rule: "DuplicateStageName",
    bad: "FROM debian AS a\nFROM debian AS a",
    line: 2,
    good: ["FROM debian AS a"],
  },
  { rule: "ReservedStageName", bad: "FROM debian AS scratch", line: 1, good: ["FROM debian AS a"] },
  {
    rule: "JSONArgsRecommended",
    bad: "FROM debian\nCMD a b",
    line: 2,
    good: [
      'FROM debian\nENTRYPOINT ["a"]',
      'FROM debian\nSHELL ["/bin/bash", "-c"]\nCMD a',
      "FROM win\nCMD a",
    ],
    images: { win: { config: { Shell: ["cmd"] } } },
  },
  {
    rule: "MaintainerDeprecated",
    bad: "FROM debian\nMAINTAINER me",
    line: 2,
    good: ["FROM debian\nLABEL org.opencontainers.image.authors=me"],
  },
  {
    rule: "UndefinedArgInFrom",
    bad: "ARG VERSION=1\nFROM debian$VERSOIN",
    line: 2,
    good: ["ARG V\nFROM debian$V", "FROM debian${V:-}", "FROM --platform=$BUILDPLATFORM debian"],
  },
  {
    rule: "WorkdirRelativePath",
    bad: "FROM debian\nWORKDIR src",
    line: 2,
    good: ["FROM debian\nWORKDIR /a\nWORKDIR b", "FROM debian AS a\nWORKDIR /a\nFROM a\nWORKDIR b"],
  },
  {
    rule: "UndefinedVar",
    bad: "FROM debian\nENV A=$B",
    line: 2,
    good: ["FROM debian\nARG B\nENV A=$B", "FROM debian\nENV A=$PATH", "FROM debian\nENV A=${B:-c}"],
  },
  {
    rule: "MultipleInstructionsDisallowed",
    bad: 'FROM debian\nCMD ["a"]\nCMD ["b"]',
    line: 2,
    good: ['FROM debian AS a\nCMD ["a"]\nFROM debian\nCMD ["b"]'],
  },
  { rule: "LegacyKeyValueFormat", bad: "FROM debian\nENV A b", line: 2, good: ["FROM debian\nENV A=b"] },
  {
    rule: "InvalidBaseImagePlatform",
    bad: "FROM arm",
    line: 1,
    good: ["FROM --platform=linux/arm64 arm AS arm64"],
    images: { arm: { platform: "linux/arm64" } },
  },
  {
    rule: "RedundantTargetPlatform",
    bad: "FROM --platform=$TARGETPLATFORM debian",
    line: 1,
    good: ["FROM --platform=$BUILDPLATFORM debian", "FROM debian"],
  },
  {
    rule: "SecretsUsedInArgOrEnv",
    bad: "FROM debian\nARG API_TOKEN",
    line: 2,
    good: ["FROM debian\nENV PUBLIC_KEY=a SSH_KEY_FILE=b MONKEY=c", "ARG TOKEN=1\nFROM debian"],
  },
  {
    rule: "InvalidDefaultArgInFrom",
    bad: "ARG V\nFROM debian:$V",
    line: 2,
    good: ["ARG V=12\nFROM debian:$V", "ARG V=12\nFROM debian:${V}"],
    options: { buildArgs: { V: "12" } },
    images: { "debian:12": {} },
  },
  {
    rule: "FromPlatformFlagConstDisallowed",
    bad: "FROM --platform=linux/amd64 debian",
    line: 1,
    good: ["FROM --platform=linux/amd64 debian AS build_amd64"],
  },
  {
    rule: "CopyIgnoredFile",
    bad: "FROM debian\nCOPY dist/a /",
    line: 2,
    good: ["FROM debian\nCOPY a /", "FROM debian AS b\nFROM debian\nCOPY --from=b dist/a /"],
    options: HIDDEN,
  },
  {
    rule: "InvalidDefinitionDescription",
    bad: "# check=experimental=all\nFROM debian\n# it is nice\nARG A",
    line: 4,
    good: [
      "# check=experimental=all\nFROM debian\n# A is nice\nARG A",
      "# check=experimental=all\nFROM debian\n# it is nice\n\nARG A",
      "FROM debian\n# it is nice\nARG A",
    ],
  },
  {
    rule: "ExposeProtoCasing",
    bad: "FROM debian\nEXPOSE 80/TCP",
    line: 2,
    good: ["FROM debian\nEXPOSE 80/tcp"],
  },
  {
    rule: "ExposeInvalidFormat",
    bad: "FROM debian\nEXPOSE 80:80",
    line: 2,
    good: ["FROM debian\nEXPOSE 80"],
  },
];

test("the table has all 22 rules, and each is described", () => {
  assert.equal(new Set(CASES.map(({ rule }) => rule)).size, 22);
  assert.deepEqual(
    CASES.filter(({ rule }) => descriptionOfRule(rule) === undefined),
    [],
  );
});

for (const { rule, bad, line, good, options, images } of CASES) {
  const found = async (text: string): Promise<readonly number[]> => {
    const { diagnostics } = await plan(text, options, images);
    return diagnostics.filter((one) => one.rule === rule).map(({ range }) => range.start.line + 1);
  };
  test(`${rule} is told once, and where`, async () => {
    assert.deepEqual(await found(bad), [line]);
  });
  for (const text of good) {
    test(`${rule} is not told of ${JSON.stringify(text)}`, async () => {
      assert.deepEqual(await found(text), []);
    });
  }
  test(`${rule} is skipped by # check=skip`, async () => {
    const directive = `# check=skip=Other,${rule};experimental=all\n`;
    assert.deepEqual(await found(directive + bad.replace(/^# check=.*\n/, "")), []);
  });
}

test("a comment above an instruction skips a rule there and nowhere else", async () => {
  const { diagnostics } = await plan("FROM debian\n# check=skip=UndefinedVar\nENV A=$X\nENV B=$Y");
  assert.deepEqual(
    diagnostics.map(({ rule, range }) => [rule, range.start.line + 1]),
    [["UndefinedVar", 4]],
  );
});
