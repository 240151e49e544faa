import assert from "node:assert/strict";
import { test } from "node:test";
import { TsbuildError, type ErrorCode } from "../../builder/core/errors.ts";
import type { Tsbuild } from "../../builder/api/types.ts";
import { cli, fakeIo, IMAGE_ID, recordingBuild } from "./rig.ts";

function failing(error: unknown): Partial<Tsbuild> {
  return {
    async build() {
      throw error;
    },
  };
}

test("runCli() prints help and the version on standard output", async () => {
  for (const argv of [[], ["--help"], ["-h"], ["help"]]) {
    const { status, stdout, stderr } = await cli(argv);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^Turns a Dockerfile .*\n\nUsage:/);
  }
  const { stdout } = await cli(["--version"]);
  assert.match(stdout, /^tsbuild \d+\.\d+\.\d+\n$/);
  assert.equal((await cli(["build", "--help"])).stdout, (await cli(["help", "build"])).stdout);
});

test("runCli() takes a command line without a command for a build", async () => {
  for (const argv of [
    ["."],
    ["./x"],
    ["/x/y"],
    ["-t", "a", "."],
    ["--no-cache", "x"],
    ["test"],
    ["build", "x"],
  ]) {
    const { asked, parts } = recordingBuild();
    const { status } = await cli(argv, parts);
    assert.equal(status, 0);
    assert.equal(asked[0]?.context, argv.at(-1));
  }
});

test("runCli() suggests the command that was meant", async () => {
  const { status, stderr } = await cli(["imges"]);
  assert.equal(status, 2);
  assert.equal(
    stderr,
    'error: Cannot run "imges": tsbuild has no such command\nhint: did you mean "images"?\n',
  );
  assert.equal((await cli(["help", "zzzzz"])).status, 2);
});

test("runCli() says what docker's commands are called here", async () => {
  for (const [argv, hint] of [
    [["buildx", "build", "."], 'there are no builders: write "tsbuild build"'],
    [["image", "ls"], 'write "tsbuild images", "tsbuild inspect"'],
    [["system", "df"], 'write "tsbuild du", "tsbuild prune"'],
  ] as const) {
    const { status, stderr } = await cli(argv);
    assert.equal(status, 2);
    assert.ok(stderr.includes(`hint: ${hint}`), stderr);
  }
});

test("runCli() ends with the status of the error", async () => {
  const table: readonly (readonly [ErrorCode, number])[] = [
    ["USAGE", 2],
    ["CONFIG_INVALID", 2],
    ["RUN_FAILED", 1],
    ["DOCKERFILE_INVALID", 1],
    ["UNSUPPORTED", 1],
    ["NETWORK", 3],
    ["REGISTRY_AUTH", 4],
    ["INTERRUPTED", 130],
  ];
  for (const [code, expected] of table) {
    const { status, stderr } = await cli(["."], failing(new TsbuildError(code, "Cannot do it: no")));
    assert.equal(status, expected, code);
    assert.equal(stderr, "error: Cannot do it: no\n");
  }
});

test("runCli() tells of a bug in one sentence, and with --debug where it is", async () => {
  const { status, stderr } = await cli(["."], failing(new RangeError("index 5 of 3")));
  assert.equal(status, 1);
  assert.equal(
    stderr,
    "error: Cannot go on: index 5 of 3\nhint: this is a bug in tsbuild; --debug shows where\n",
  );
  const debug = await cli(["--debug", "."], failing(new RangeError("index 5 of 3")));
  assert.match(debug.stderr, /RangeError: index 5 of 3\n +at .*run-cli\.test/);
});

test("runCli() takes --debug before the command too", async () => {
  const { stderr, status } = await cli(["--debug", "inspect", "x"], {
    inspect() {
      throw new TsbuildError("IMAGE_NOT_FOUND", "Cannot find x: it is not in the store");
    },
  });
  assert.equal(status, 1);
  assert.match(stderr, /^error: Cannot find x: .*\n\nTsbuildError: Cannot find x.*\n +at /);
});

test("runCli() shows the causes of an error with --debug alone", async () => {
  const error = new TsbuildError("NETWORK", "Cannot reach x: refused", { cause: new Error("ECONNREFUSED") });
  assert.doesNotMatch((await cli(["."], failing(error))).stderr, /ECONNREFUSED/);
  assert.match((await cli(["--debug", "."], failing(error))).stderr, /cause.*ECONNREFUSED/s);
});

test("runCli() stops the build at the first signal and the process at the second", async () => {
  const io = fakeIo();
  let closed = 0;
  const outcome = cli(
    ["."],
    (_emit, signal) => ({
      build: () =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            assert.deepEqual(io.exits, []);
            io.send("SIGINT");
            reject(new Error("a step was killed"));
          });
          io.send("SIGINT");
        }),
      [Symbol.asyncDispose]: async () => void closed++,
    }),
    io,
  );
  const { status, stderr } = await outcome;
  assert.equal(status, 130);
  assert.equal(stderr, "error: Cannot finish: interrupted by SIGINT\n");
  assert.deepEqual(io.exits, [130]);
  assert.equal(closed, 1);
  assert.equal(io.listeners(), 3, "a signal between here and the exit would end the process by itself");
});

test("runCli() ends with 143 when it was asked to terminate", async () => {
  const io = fakeIo();
  const { status } = await cli(
    ["."],
    (_emit, signal) => ({
      async build() {
        io.send("SIGTERM");
        throw signal.reason;
      },
    }),
    io,
  );
  assert.equal(status, 143);
});

test("runCli() shows the cursor again when the process is ended at once", async () => {
  const io = fakeIo({ tty: ["stderr"] });
  let atExit = "";
  const exit = io.exit;
  const watched = { ...io, exit: (status: number) => ((atExit = io.out.stderr), exit(status)) };
  await cli(
    ["."],
    (emit) => ({
      async build() {
        emit({ type: "phase", name: "working", state: "started", time: Date.now() });
        while (!io.out.stderr.includes("\x1b[?25l")) await new Promise((resolve) => setImmediate(resolve));
        io.send("SIGINT");
        io.send("SIGINT");
        throw new Error("late");
      },
    }),
    watched,
  );
  assert.match(atExit, /\x1b\[\?25l[^]*\x1b\[\?25h/);
});

test("runCli() keeps standard output for results", async () => {
  const { parts } = recordingBuild();
  const loud = await cli(["-t", "app", "."], parts);
  assert.equal(loud.stdout, "");
  assert.match(loud.stderr, /^Built app:latest [0-9a-f]{12} in \d+\.\ds: 1 step run, 4 cached\n$/);
  const quiet = await cli(["-q", "-t", "app", "."], parts);
  assert.deepEqual([quiet.stdout, quiet.stderr], [`${IMAGE_ID}\n`, ""]);
  const hushed = await cli(["--progress=quiet", "."], parts);
  assert.deepEqual([hushed.stdout, hushed.stderr], ["", ""]);
});
