import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { test } from "node:test";
import { openTsbuild } from "../../builder/build.ts";
import { runCli } from "../../builder/cli/run-cli.ts";
import { assertGolden } from "../progress/golden.ts";
import { fakeIo } from "./rig.ts";

const TEXT = `# syntax=docker/dockerfile:1
ARG VERSION=1
# ALPINE is the release
ARG ALPINE=$VERSION
from alpine:\${ALPINE} as Build
# MODE how to build
ARG MODE=debug
RUN --mount=type=secret,id=npm,required=true --mount=type=ssh make
# final the product
FROM scratch AS final
COPY secret.txt $NOPE /x
COPY --from=build /out /
`;

async function ask(
  text: string,
  ...argv: string[]
): Promise<{ status: number; stdout: string; stderr: string }> {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  try {
    writeFileSync(join(directory, "Dockerfile"), text);
    writeFileSync(join(directory, "secret.txt"), "");
    writeFileSync(join(directory, ".dockerignore"), "*.txt\n");
    const io = fakeIo({ env: { TSBUILD_ROOT: join(directory, "store") } });
    const stdout = new Writable();
    const status = await runCli(["build", ...argv, directory], io, (options) =>
      openTsbuild({ ...options, stdout: () => stdout }),
    );
    return { status, ...io.out };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

for (const [name, argv] of [
  ["check.txt", ["--check"]],
  ["check.json", ["--call=check,format=json"]],
  ["outline.txt", ["--call=outline"]],
  ["outline.json", ["--call=outline,format=json"]],
  ["targets.txt", ["--call=targets"]],
  ["targets.json", ["--call=targets,format=json"]],
  ["print-ast.json", ["--print=ast"]],
  ["describe.txt", ["--call=subrequests.describe"]],
  ["describe.json", ["--call=subrequests.describe,format=json"]],
] as const) {
  test(`tsbuild ${argv.join(" ")} answers as ${name} says`, async () => {
    const { status, stdout, stderr } = await ask(TEXT, ...argv);
    assert.equal(stderr, "");
    assert.equal(status, name.startsWith("check") ? 1 : 0);
    assertGolden(`cli/golden/${name}`, stdout);
  });
}

test("--print=stages and --print=graph print JSON", async () => {
  for (const step of ["stages", "graph"]) {
    const { status, stdout } = await ask("FROM scratch\nCOPY <<E /a\nhello\nE", `--print=${step}`);
    assert.equal(status, 0);
    assert.match(JSON.stringify(JSON.parse(stdout)), /hello/);
  }
});

test("--check of a Dockerfile without fault is content", async () => {
  const { status, stdout } = await ask("# check=error=true\nFROM scratch\n", "--check");
  assert.deepEqual([status, stdout], [0, "Check complete, no warnings found in Dockerfile\n"]);
});

test("--check tells errors of the parser and of different stages at once", async () => {
  const text = "FROM debian AS a\nRNU x\nEXPOSE 99999\nFROM a\nSTOPSIGNAL SIGTREM\nCOPY --from=7 a /";
  const { status, stdout } = await ask(text, "--check");
  assert.equal(status, 1);
  for (const line of [2, 3, 5, 6]) assert.match(stdout, new RegExp(`^Dockerfile:${line}$`, "m"));
  assert.match(stdout, /Check failed: 4 errors in Dockerfile\n$/);
});

test("--progress=rawjson tells a failure as JSON with its diagnostics", async () => {
  const { status, stderr } = await ask("FROM scratch\nRNU x", "--progress=rawjson");
  assert.equal(status, 1);
  const lines = stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual([lines[0]?.["type"], lines.at(-1)?.["type"]], ["start", "error"]);
  assert.match(JSON.stringify(lines.at(-1)), /"rule":"UnknownInstruction".*did you mean/);
});

test("# check=error=true refuses a build and tells each warning once", async () => {
  const { status, stderr } = await ask("# check=error=true\nFROM scratch\nEXPOSE 80/TCP");
  assert.equal(status, 1);
  assert.equal(stderr.split("Protocol").length, 2);
});
