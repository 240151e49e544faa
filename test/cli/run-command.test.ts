import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { TsbuildError } from "../../builder/core/errors.ts";
import { cli, fakeIo, recordingRun, type FakeIo, type Outcome } from "./rig.ts";

const folder = mkdtempSync(join(tmpdir(), "tsbuild-"));
after(() => rmSync(folder, { recursive: true }));

async function asked(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<object> {
  const { asked, parts } = recordingRun();
  const { status, stderr } = await cli(["run", ...argv], parts, fakeIo({ env, tty: ["stdin"] }));
  assert.equal(status, 0, stderr);
  const [options] = asked;
  assert.ok(options);
  const { signal, emit, io, onCreated, ...rest } = options;
  assert.deepEqual(
    [typeof signal, typeof emit, typeof io, typeof onCreated],
    ["object", "function", "object", "function"],
  );
  return { ...rest, labels: { ...rest.labels } };
}

const SANDBOX = {
  settings: { limits: {}, ulimits: [], hosts: [] },
  network: "default",
  ports: [],
  publishAll: false,
  dns: { servers: [], search: [], options: [] },
  mounts: [],
  noNewPrivileges: false,
};

const DEFAULTS = {
  image: "img",
  command: [],
  env: [],
  volumes: [],
  interactive: false,
  tty: false,
  init: false,
  readonly: false,
  capAdd: [],
  capDrop: [],
  labels: {},
  detach: false,
  sandbox: SANDBOX,
  remove: false,
  pull: "missing",
};

test("run asks for what its flags say, and leaves the command's own alone", async () => {
  writeFileSync(join(folder, "env"), "A=file\nB=two words\nHOST\nUNSET\n");
  const table: readonly (readonly [line: string, options: object])[] = [
    ["img", {}],
    ["img ls -la --rm", { command: ["ls", "-la", "--rm"] }],
    ["--rm -it img sh", { remove: true, interactive: true, tty: true, command: ["sh"] }],
    ["-i img", { interactive: true }],
    ["-e A=1 -e HOST -e UNSET img", { env: ["A=1", "HOST=h"] }],
    [`-e A=1 --env-file ${folder}/env img`, { env: ["A=1", "B=two words", "HOST=h"] }],
    ["-v /a:/b -v /c:/d:ro img", { volumes: ["/a:/b", "/c:/d:ro"] }],
    ["-v .:/src img", { volumes: [`${resolve(".")}:/src`] }],
    ["-v ./a:/src:rw img", { volumes: [`${resolve("a")}:/src`] }],
    ["-w /src -u 1000:1000 -h box img", { workdir: "/src", user: "1000:1000", hostname: "box" }],
    ["--entrypoint sh img -c x", { entrypoint: ["sh"], command: ["-c", "x"] }],
    ["--entrypoint= img", { entrypoint: [] }],
    [
      "-d --name /web --stop-signal INT --stop-timeout 3 img",
      { detach: true, name: "web", stopSignal: "INT", stopTimeout: 3 },
    ],
    ["--pull img", { pull: "always" }],
    [
      "-m 64m --pids-limit=9 --network none --security-opt seccomp=unconfined --security-opt no-new-privileges img",
      {
        sandbox: {
          ...SANDBOX,
          settings: { ...SANDBOX.settings, limits: { memory: 64 * 1024 * 1024, pids: 9 } },
          network: "none",
          seccomp: "unconfined",
          noNewPrivileges: true,
        },
      },
    ],
    [
      "-P -p 80:81 --dns 1.1.1.1 img",
      {
        sandbox: {
          ...SANDBOX,
          ports: [{ address: "", host: 80, container: 81, protocol: "tcp" }],
          publishAll: true,
          dns: { ...SANDBOX.dns, servers: ["1.1.1.1"] },
        },
      },
    ],
    [
      "-v /data --tmpfs /run:size=1m,exec,mode=700 --mount type=bind,src=/a,dst=/b,ro img",
      {
        sandbox: {
          ...SANDBOX,
          mounts: [
            { type: "volume", target: "/data", readonly: false },
            { type: "bind", target: "/b", source: "/a", readonly: true },
            {
              type: "tmpfs",
              target: "/run",
              mode: 0o700,
              size: 1024 * 1024,
              flags: { nosuid: true, nodev: true, noexec: false },
            },
          ],
        },
      },
    ],
    ["--platform linux/arm64 img", { platform: { os: "linux", architecture: "arm64" } }],
  ];
  for (const [line, options] of table) {
    assert.deepEqual(await asked(line.split(" "), { HOST: "h" }), { ...DEFAULTS, ...options }, line);
  }
});

function failing(error: unknown): Promise<Outcome> {
  const { parts } = recordingRun(async () => {
    throw error;
  });
  return cli(["run", "img"], parts);
}

test("run ends with the container's status, and with docker's numbers where there is none", async () => {
  for (const code of [0, 1, 42, 137]) {
    assert.equal((await cli(["run", "img"], recordingRun(async () => code).parts)).status, code);
  }
  assert.equal((await failing(new TsbuildError("NETWORK", "Cannot pull: no"))).status, 125);
  assert.equal(
    (await failing(new TsbuildError("RUN_FAILED", "Cannot run x: no", { exitCode: 127 }))).status,
    127,
  );
  assert.equal(
    (await failing(new TsbuildError("RUN_FAILED", "Cannot run x: no", { exitCode: 126 }))).status,
    126,
  );
  assert.equal((await failing(new Error("bug"))).status, 125);
});

test("run refuses what it cannot do with 125", async () => {
  const table: readonly (readonly [line: string, message: RegExp])[] = [
    ["", /IMAGE is missing/],
    ["--rn img", /did you mean "--rm"/],
    ["--name a/b img", /Cannot name a container "a\/b"/],
    ["--stop-signal FOO img", /there is no such signal/],
    ["--stop-timeout soon img", /it is no number of seconds/],
    ["-p 80:80 --net host img", /Cannot publish ports .* --network host/],
    ["--network web img", /Cannot use --network web/],
    ["--dns example.com img", /it is no address/],
    ["--security-opt apparmor=x img", /tsbuild knows no such option/],
    ["-v data:/data img", /tsbuild has no volumes with names/],
    ["--mount type=volume,src=data,dst=/data img", /tsbuild has no volumes with names/],
    ["--mount type=bind,dst=/data img", /the source is missing/],
    ["--mount type=nfs,dst=/data img", /there is no type "nfs"/],
    [
      "--mount type=tmpfs,dst=/data,tmpfs-sise=1 img",
      /no option "tmpfs-sise"\nhint: did you mean "tmpfs-size"/,
    ],
    ["--tmpfs tmp img", /no absolute path/],
    ["--tmpfs /tmp:sync img", /no option "sync"/],
    ["-v /a:b img", /it is not HOST:CONTAINER/],
    ["-v /a:/b:z img", /does not support "z" yet/],
    ["-e =x img", /the name is missing/],
    ["-it img", /standard input is not a terminal/],
  ];
  for (const [line, message] of table) {
    const { status, stderr } = await cli(["run", ...(line === "" ? [] : line.split(" "))]);
    assert.match(stderr, message, line);
    assert.equal(status, 125, line);
  }
});

test("run passes output on as it comes", async () => {
  const { parts } = recordingRun(async ({ io }) => {
    io.stdout(Buffer.from("out\n"));
    io.stderr(Buffer.from("err\n"));
    return 0;
  });
  const { stdout, stderr } = await cli(["run", "img"], parts);
  assert.deepEqual([stdout, stderr], ["out\n", "err\n"]);
});

test("run passes standard input on with -i alone", async () => {
  const read: string[] = [];
  const { parts } = recordingRun(async ({ io }) => {
    for await (const chunk of io.stdin ?? []) read.push(Buffer.from(chunk).toString());
    return 0;
  });
  await cli(["run", "img"], parts);
  assert.deepEqual(read, []);
  await cli(["run", "-i", "img"], parts);
  assert.deepEqual(read, ["input"]);
});

/** Runs a container that lives while `during` does, and gives what reached it. */
async function alive(argv: readonly string[], io: FakeIo, during: () => void): Promise<(string | number)[]> {
  const reached: (string | number)[] = [];
  const { parts } = recordingRun(async (options) => {
    options.io.onStart({
      signal: (number) => void reached.push(number),
      resize: (columns, rows) => void reached.push(`${columns}x${rows}`),
      leave: () => undefined,
    });
    during();
    assert.equal(options.signal.aborted, false);
    return 0;
  });
  await cli(["run", ...argv], parts, io);
  return reached;
}

test("run passes signals on to the container and keeps none", async () => {
  const io = fakeIo();
  const names = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
  const reached = await alive(["img"], io, () => names.forEach((name) => io.send(name)));
  assert.deepEqual(
    reached,
    names.map((name) => constants.signals[name]),
  );
  assert.equal(io.listeners(), 3, "those that stop tsbuild itself, until it is gone");
  assert.deepEqual(io.exits, []);
});

test("run -it lends the terminal and takes it back", async () => {
  const io = fakeIo({ tty: ["stdin", "stdout", "stderr"] });
  const reached = await alive(["-it", "img"], io, () => {
    assert.deepEqual(io.raw, [true]);
    io.resize(100, 30);
  });
  assert.deepEqual(reached, ["100x30"]);
  assert.deepEqual(io.raw, [true, false]);
});

test("run -it takes the terminal back when the container fails", async () => {
  const io = fakeIo({ tty: ["stdin", "stdout"] });
  const { parts } = recordingRun(async (options) => {
    options.io.onStart({ signal: () => undefined, resize: () => undefined, leave: () => undefined });
    throw new Error("bug");
  });
  const { status } = await cli(["run", "-it", "img"], parts, io);
  assert.equal(status, 125);
  assert.deepEqual(io.raw, [true, false]);
});

test("run stops pulling when interrupted", async () => {
  const io = fakeIo();
  const { parts } = recordingRun(async ({ signal }) => {
    io.send("SIGINT");
    throw signal.reason;
  });
  assert.equal((await cli(["run", "img"], parts, io)).status, 130);
});
