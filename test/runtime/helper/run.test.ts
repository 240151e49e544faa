import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import type { RunControl } from "../../../runtime/types.ts";
import { openHelper } from "../../../runtime/helper/start.ts";
import { Rig, skip } from "./rig.ts";

const { SIGTERM, SIGKILL, SIGSEGV } = constants.signals;

test("run gives output and exit code", { skip }, async () => {
  await using rig = await Rig.start();
  const result = await rig.run("echo hello; echo oops >&2; exit 3");
  assert.deepEqual(result, { code: 3, outOfMemory: false, stdout: "hello\n", stderr: "oops\n" });
});

test("run tells which signal ended a command", { skip }, async () => {
  await using rig = await Rig.start();
  for (const init of [true, false]) {
    const result = await rig.run("kill -SEGV $$; sh -c 'kill -KILL $$'; exit $?", { init });
    if (init) assert.deepEqual([result.code, result.signal], [128 + SIGSEGV, SIGSEGV]);
    // A first process is not killed by signals that it has no handler for: pid_namespaces(7).
    else assert.equal(result.code, 128 + SIGKILL);
  }
});

const failures = [
  { argv: ["nothing"], code: 127, failure: "not-found", message: "Cannot find 'nothing' in PATH" },
  {
    argv: ["/no/such"],
    code: 127,
    failure: "not-found",
    message: "Cannot execute '/no/such': No such file or directory",
  },
  {
    argv: ["/etc/passwd"],
    code: 126,
    failure: "not-executable",
    message: "Cannot execute '/etc/passwd': Permission denied",
  },
  { argv: ["/etc"], code: 126, failure: "not-executable", message: "Cannot execute '/etc': Is a directory" },
  {
    argv: ["/bin/text"],
    code: 126,
    failure: "not-executable",
    message: "Cannot execute '/bin/text': Exec format error",
  },
  {
    argv: ["script"],
    code: 127,
    failure: "not-found",
    message:
      "Cannot execute '/bin/script': its interpreter, which its first line or its ELF header names, is missing",
  },
];

for (const { argv, ...expected } of failures) {
  test(`run says why ${argv[0]} does not start`, { skip }, async () => {
    await using rig = await Rig.start();
    writeFileSync(rig.path("base/bin/text"), "text", { mode: 0o755 });
    writeFileSync(rig.path("base/bin/script"), "#!/none\n", { mode: 0o755 });
    for (const init of [true, false]) {
      const { stdout, stderr, ...exit } = await rig.run(argv, { init });
      assert.deepEqual(exit, { ...expected, outOfMemory: false });
      assert.equal(stdout + stderr, "");
    }
  });
}

test("run passes standard input on, with back-pressure, and its end", { skip }, async () => {
  await using rig = await Rig.start();
  const text = "0123456789abcdef".repeat(20_000);
  async function* source(): AsyncIterable<Uint8Array> {
    for (let i = 0; i < 10; i++) yield Buffer.from(text);
  }
  let size = 0;
  const exit = await rig.helper.run(rig.plan(["cat"]), {
    onOutput: (_, data) => (size += data.length),
    stdin: source(),
  });
  assert.deepEqual([exit.code, size], [0, text.length * 10]);
  const unread = await rig.helper.run(rig.plan(["true"]), { onOutput: () => {}, stdin: source() });
  assert.equal(unread.code, 0);
});

test("run waits for the output of processes in the background, and ends them", { skip }, async () => {
  await using rig = await Rig.start();
  const result = await rig.run(
    "(trap '' TERM HUP; echo deep; echo >/said; while :; do sleep 100; done) & until [ -e /said ]; do sleep 0.01; done; echo done",
  );
  assert.equal(result.stdout, "deep\ndone\n");
});

test("run passes signals on", { skip }, async () => {
  await using rig = await Rig.start();
  let control: RunControl | undefined;
  const plan = rig.plan("trap 'echo term; exit 9' TERM; echo ready; while :; do sleep 0.01; done");
  let output = "";
  const exit = await rig.helper.run(plan, {
    onStart: (given) => (control = given),
    onOutput: (_, data) => {
      if (data.includes("ready")) control?.signal(SIGTERM);
      output += data.toString();
    },
  });
  assert.deepEqual([exit.code, output], [9, "ready\nterm\n"]);
});

test("run gives a terminal of its size", { skip }, async () => {
  await using rig = await Rig.start();
  let output = "";
  const plan = rig.plan(
    "tty; stty size; echo to console >/dev/console; read line; stty size; echo got $line >&2",
    {
      stdio: "terminal",
      columns: 93,
      rows: 17,
    },
  );
  let control: RunControl | undefined;
  let give: ((data: Buffer) => void) | undefined;
  const typed = new Promise<Buffer>((resolve) => (give = resolve));
  const exit = await rig.helper.run(plan, {
    stdin: (async function* () {
      yield await typed;
    })(),
    onStart: (given) => (control = given),
    onOutput: (_, data) => {
      output += data.toString();
      if (!output.includes("console")) return;
      control?.resize(100, 20);
      give?.(Buffer.from("typed\n"));
    },
  });
  assert.equal(output, "/dev/pts/0\r\n17 93\r\nto console\r\ntyped\r\n20 100\r\ngot typed\r\n");
  assert.equal(exit.code, 0);
});

test("abort ends a step, and the lane serves the next", { skip }, async () => {
  await using rig = await Rig.start({ lanes: 1 });
  const controller = new AbortController();
  const reason = new Error("enough");
  const stopped = rig.helper.run(
    rig.plan("echo on; sleep 1000"),
    { onOutput: () => controller.abort(reason) },
    controller.signal,
  );
  const queued = rig.run("echo next");
  await assert.rejects(stopped, reason);
  assert.equal((await queued).stdout, "next\n");
  await assert.rejects(
    rig.helper.run(rig.plan("true"), { onOutput: () => {} }, AbortSignal.abort(reason)),
    reason,
  );
});

test("what a visitor throws ends the command and is thrown", { skip }, async () => {
  await using rig = await Rig.start({ lanes: 1 });
  const broken = new Error("visitor");
  const visit = {
    entry: () => {
      throw broken;
    },
    data: () => {},
    whiteout: () => {},
    opaque: () => {},
  };
  await assert.rejects(rig.helper.list({ kind: "directory", path: rig.base }, visit), broken);
  assert.equal((await rig.run("echo fine")).stdout, "fine\n");
});

test("a helper that is not compiled is named, with the way out", async () => {
  await assert.rejects(openHelper({ binary: "/none/helper", lanes: 1 }), {
    code: "HELPER_MISSING",
    message: "Cannot start the native helper: '/none/helper' does not exist",
    hint: "install the package again; in a checkout run: make -C native",
  });
});

test("a helper that dies fails every command, and says what it said", { skip }, async () => {
  await assert.rejects(openHelper({ binary: "/bin/false", lanes: 1 }), {
    code: "HELPER_FAILED",
    message: /status 1/,
  });
});
