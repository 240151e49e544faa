import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { baseLayout } from "../support/base-layout.ts";
import { canaryIn } from "../support/canary.ts";
import { listTree } from "../support/list-tree.ts";
import { ordinaryUser } from "../support/ordinary-user.ts";
import { hostBase } from "../support/host-base.ts";
import { openRig } from "../support/rig.ts";

interface Attacked extends AsyncDisposable {
  /** What must not change, whatever a Dockerfile does. */
  readonly canary: string;
  readonly context: string;
  build(...lines: readonly string[]): Promise<{ status: number; output: string }>;
}

async function asRoot(): Promise<Attacked> {
  const rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({ keep: "" });
  const canary = canaryIn(rig.directory);
  return {
    canary,
    context,
    async build(...lines) {
      const args = ["build", "--progress=plain", ...base, "-t", "app", "-f", "-", context];
      const { status, stderr } = await rig.tsbuild(args, { input: `${lines.join("\n")}\n` });
      return { status, output: stderr };
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

async function asUser(): Promise<Attacked> {
  const user = ordinaryUser();
  if ("missing" in user) throw new Error(user.missing);
  const directory = user.directory(`attacks-${Math.random().toString(36).slice(2)}`);
  await baseLayout(join(directory, "base"));
  const context = join(directory, "context");
  mkdirSync(context);
  const canary = canaryIn(directory);
  const file = join(directory, "Dockerfile");
  return {
    canary,
    context,
    build(...lines) {
      writeFileSync(file, `${lines.join("\n")}\n`);
      const flags = [
        "--progress=plain",
        "--build-context",
        `base=oci-layout://${directory}/base`,
        "-t",
        "app",
      ];
      const env = { TSBUILD_ROOT: join(directory, "store"), HOME: directory };
      return Promise.resolve(user.tsbuild(["build", ...flags, "-f", file, context], env));
    },
    // What subordinate ids own in the store, root removes.
    async [Symbol.asyncDispose]() {
      rmSync(directory, { recursive: true, force: true, maxRetries: 30 });
    },
  };
}

function inStep(script: string, flags = ""): string {
  return `RUN ${flags} node -e '${script}'`;
}

const user = ordinaryUser();
const rootSkip = process.getuid?.() === 0 ? false : "needs root";
const userSkip = "missing" in user ? user.missing : false;

for (const [who, skip, open] of [
  ["root", rootSkip, asRoot],
  ["an ordinary user", userSkip, asUser],
] as const) {
  test(`attacks on the sandbox of ${who} change nothing outside`, { skip }, async (t) => {
    await using attacked = await open();
    const { canary, context, build } = attacked;
    const before = listTree(canary);
    const holds = async (lines: readonly string[], expected: RegExp): Promise<void> => {
      const { status, output } = await build(...lines);
      assert.equal(status, 0, output);
      assert.match(output, expected);
      assert.deepEqual(listTree(canary), before);
    };

    await t.test("1: ids of caches and secrets are no paths", async () => {
      await holds(
        [
          "FROM base",
          inStep(
            `fs.writeFileSync("/c/alive", "dead"); console.log("wrote")`,
            `--mount=type=cache,target=/c,id=../../../../..${canary}`,
          ),
          inStep(`console.log("none", fs.existsSync("/run/secrets"))`, "--mount=type=secret,id=../../alive"),
        ],
        /wrote/,
      );
    });
    await t.test("4: a link in a cache mount leads nowhere outside of it", async () => {
      const { output } = await build(
        "FROM base",
        inStep(`fs.symlinkSync("${canary}", "/c/sub")`, "--mount=type=cache,target=/c,id=links"),
        inStep(`fs.writeFileSync("/d/alive", "dead")`, "--mount=type=cache,target=/d,id=links,source=sub"),
      );
      assert.doesNotMatch(output, /er\/dir/);
      assert.deepEqual(listTree(canary), before);
    });
    await t.test("5: mount points are not removed through a link that the step planted", () =>
      holds(
        [
          "FROM base",
          inStep(
            `fs.renameSync("/deep", "/moved"); fs.symlinkSync("${canary}", "/deep"); console.log("planted")`,
            "--mount=type=tmpfs,target=/deep/er/dir",
          ),
        ],
        /planted/,
      ),
    );
    await t.test("6: a working directory is never a descriptor of the host", async () => {
      for (let fd = 3; fd < 12; fd++) {
        const { output } = await build(
          "FROM base",
          `WORKDIR /proc/self/fd/${fd}`,
          inStep(`console.log(fs.readdirSync("../..").join())`),
        );
        assert.doesNotMatch(output, /canary-|lost\+found/);
      }
      assert.deepEqual(listTree(canary), before);
    });
    await t.test("7: an image's own /dev, /proc and /sys lead nowhere", () => {
      mkdirSync(join(context, "links"), { recursive: true });
      for (const name of ["dev", "proc", "sys"])
        symlinkSync(join(canary, name), join(context, "links", name));
      return holds(
        [
          "FROM base",
          "COPY links/ /",
          inStep(
            `const d = fs.statSync("/dev/null"); console.log("null", d.isCharacterDevice(), fs.existsSync("/proc/1"), fs.existsSync("/sys/class"))`,
          ),
        ],
        /null true true true/,
      );
    });
    await t.test("11: a volume and a target below a link are made inside the image", () =>
      holds(
        [
          "FROM base",
          inStep(`fs.symlinkSync("${canary}", "/out"); console.log("linked")`),
          inStep(
            `fs.writeFileSync("/out/new/f", ""); console.log("mounted")`,
            "--mount=type=tmpfs,target=/out/new",
          ),
        ],
        /mounted/,
      ),
    );
    await t.test("24: ids that wrap around are refused, and nothing of the caller's is left", async () => {
      for (const id of ["4294967295", "4294967296", "2147483648", "-1", "0x0"]) {
        const { status, output } = await build(
          "FROM base",
          `USER ${id}`,
          inStep(`console.log("uid", process.getuid())`),
        );
        assert.notEqual(status, 0, `${id}: ${output}`);
      }
      await holds(
        [
          "FROM base",
          inStep(`console.log(fs.readFileSync("/proc/self/status", "utf8"), process.env.TSBUILD_ROOT)`),
        ],
        /CapInh:\s+0+\n[^]*undefined/,
      );
    });
    await t.test("25: names that Node treats as its own are names like others", () =>
      holds(
        [
          "FROM base",
          "ARG __proto__=a",
          "ENV constructor=b __proto__=c",
          "LABEL __proto__=d",
          inStep(`console.log("env", process.env.constructor)`),
        ],
        /env b/,
      ),
    );
    await t.test("27: what the kernel offers to break out is closed", () =>
      holds(
        [
          "FROM base",
          inStep(
            `const tries = { sys: "/proc/sys/kernel/core_pattern", trigger: "/proc/sysrq-trigger", group: "/sys/fs/cgroup/tsbuild", kcore: "/proc/kcore" }; for (const [name, path] of Object.entries(tries)) { try { fs.writeFileSync(path, "x"); console.log(name, fs.readFileSync(path).length === 0 ? "empty" : "WRITTEN") } catch (e) { console.log(name, e.code) } } console.log("init", fs.readdirSync("/proc").filter(Number).length < 10)`,
          ),
        ],
        /sys E\w+[^]*trigger E\w+[^]*group E\w+[^]*kcore (empty|E\w+)[^]*init true/,
      ),
    );
    assert.deepEqual(listTree(canary), before);
  });
}
