import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig } from "../support/rig.ts";

interface Case {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly status: number;
  readonly says: readonly RegExp[];
}

const CASES: readonly Case[] = [
  {
    name: "an unknown instruction is shown with its line and the nearest one",
    files: { Dockerfile: "FROM base\nCOPPY a b\n" },
    status: 1,
    says: [/Dockerfile:2/, />>> COPPY a b/, /COPY/],
  },
  {
    name: "two mistakes are both told",
    files: { Dockerfile: "FROM base\nCOPPY a b\nRUN --mouunt=type=tmpfs true\n" },
    status: 1,
    says: [/>>> COPPY/, />>> RUN --mouunt/],
  },
  {
    name: "a failing RUN shows its last lines and its exit code",
    files: { Dockerfile: "FROM base\nRUN echo about to fail; exit 7\n" },
    status: 1,
    says: [/about to fail/, /exit code:? 7/, />>> RUN echo about to fail/],
  },
  {
    name: "a command that the image lacks is named",
    files: { Dockerfile: 'FROM base\nRUN ["no-such-program"]\n' },
    status: 1,
    says: [/"no-such-program" was not found in the image/],
  },
  {
    name: "a COPY source that .dockerignore hides names the line that does",
    files: {
      Dockerfile: "FROM base\nCOPY secret.txt /\n",
      "secret.txt": "x",
      ".dockerignore": "# no secrets\n*.txt\n",
    },
    status: 1,
    says: [/\.dockerignore:2/, /\*\.txt/, />>> COPY secret\.txt/],
  },
  {
    name: "a mistyped COPY source names the nearest file",
    files: { Dockerfile: "FROM base\nCOPY pakage.json /\n", "package.json": "{}" },
    status: 1,
    says: [/did you mean "package\.json"/],
  },
  {
    name: "a registry that is down says so in a sentence",
    files: { Dockerfile: "FROM 127.0.0.1:9/nothing:1\n" },
    status: 3,
    says: [/^error: Cannot /m, /127\.0\.0\.1:9/, />>> FROM 127/],
  },
  {
    name: "an unknown stage names the nearest one",
    files: { Dockerfile: "FROM base AS builder\nFROM base\n" },
    flags: ["--target", "bulder"],
    status: 1,
    says: [/builder/],
  },
  {
    name: "what is not allowed is an error with its line",
    files: { Dockerfile: "FROM base\nRUN --security=insecure true\n" },
    status: 2,
    says: [/asks for security\.insecure/, />>> RUN --security=insecure/, /--allow security\.insecure/],
  },
  {
    name: "a missing Dockerfile is named",
    files: { "readme.md": "" },
    status: 1,
    says: [/Cannot find a Dockerfile/],
  },
  {
    name: "a mistyped flag names the nearest one",
    files: { Dockerfile: "FROM base\n" },
    flags: ["--taget=x"],
    status: 2,
    says: [/--target/],
  },
];

for (const { name, files, flags = [], status, says } of CASES) {
  test(name, async () => {
    await using rig = openRig();
    const base = await hostBase(rig);
    const outcome = await rig.tsbuild([
      "build",
      "-t",
      "app",
      "--progress=plain",
      ...base,
      ...flags,
      rig.context(files),
    ]);
    assert.equal(outcome.status, status, outcome.stderr);
    for (const pattern of says) assert.match(outcome.stderr, pattern);
    assert.doesNotMatch(outcome.stderr, /^\s+at .*\.js:\d+/m, "a stack trace");
    assert.ok(
      !existsSync(rig.path("store/refs/docker.io%2Flibrary%2Fapp%3Alatest")),
      "a failed build named an image",
    );
  });
}

test("a helper that is not compiled is explained", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: "FROM base\nRUN true\n" });
  const outcome = await rig.tsbuild(["build", ...base, context], {
    env: { TSBUILD_HELPER: rig.path("nowhere") },
  });
  assert.equal(outcome.status, 1, outcome.stderr);
  assert.match(outcome.stderr, /make -C native/);
});
