import assert from "node:assert/strict";
import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { test } from "node:test";
import { readHierarchies } from "../../runtime/limits/hierarchies.ts";
import { hostBase } from "../support/host-base.ts";
import { openRig, outcomeOf, type Outcome } from "../support/rig.ts";

const hierarchies = readHierarchies();
const has = (controller: string): boolean =>
  hierarchies.some(({ controllers }) => controllers.includes(controller));
const skip =
  process.getuid?.() === 0 && has("memory") && has("pids") && has("cpu")
    ? false
    : "needs root and control groups of version 1";

test("flags hold the steps of a build, and leave nothing behind", { skip }, async (t) => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const builds: string[] = [];
  const build = (line: string, ...flags: string[]): Promise<Outcome> => {
    const child = rig.start(["build", "--progress=plain", ...base, ...flags, "-f", "-", rig.context({})]);
    child.stdin?.end(`FROM base\n${line}\n`);
    builds.push(String(child.pid));
    return outcomeOf(child);
  };
  const prints = async (line: string, expected: RegExp, ...flags: string[]): Promise<void> => {
    const { status, stderr } = await build(line, ...flags);
    assert.equal(status, 0, stderr);
    assert.match(stderr, expected);
  };
  await t.test("a fork bomb ends in its step (ATTACKS 27)", () =>
    prints(
      `RUN node -e 'const { spawn } = require("child_process"); let failed; for (let i = 0; i < 200 && !failed; i++) try { spawn("/bin/sh", ["-c", "read x"]).on("error", (e) => (failed ??= e.code)) } catch (e) { failed = e.code } setTimeout(() => { console.log("bomb:", failed); process.exit() }, 200)'`,
      /bomb: EAGAIN/,
      "--pids-limit=60",
    ),
  );
  await t.test("memory, and who was killed for it", async () => {
    const eat = `RUN node -e 'const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1))'`;
    const { status, stderr } = await build(eat, "--memory=96m");
    assert.notEqual(status, 0);
    assert.match(stderr, /killed for want of memory/);
  });
  await t.test("processors, and the size of /dev/shm", async () => {
    await prints(
      `RUN node -e 'console.log("quota", fs.readFileSync("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "utf8"))'`,
      /quota 50000/,
      "--cpus=0.5",
    );
    await prints(
      `RUN node -e 'console.log("shm", fs.statfsSync("/dev/shm").blocks * fs.statfsSync("/dev/shm").bsize)'`,
      /shm 8388608/,
      "--shm-size=8m",
    );
  });
  await t.test("--ulimit", () =>
    prints('RUN echo "files $(ulimit -Sn) $(ulimit -Hn)"', /files 512 1024/, "--ulimit=nofile=512:1024"),
  );
  await t.test("--add-host: names are in the key, addresses are not (SEMANTICS 39)", async () => {
    const line = `RUN node -e 'console.log("it is", fs.readFileSync("/etc/hosts", "utf8").replaceAll("\\n", " "))'`;
    await prints(line, /10\.0\.0\.7\s+db/, "--add-host=db:10.0.0.7");
    await prints(line, /CACHED/, "--add-host=db:10.0.0.8");
    await prints(line, /10\.0\.0\.8\s+web/, "--add-host=web=10.0.0.8");
    await prints(line, /it is (?!.*web)/);
  });
  await t.test("--cgroup-parent", () =>
    prints(`RUN node -e 'console.log("ran")'`, /ran/, "--cgroup-parent=/tsbuild-test", "--no-cache"),
  );
  for (const { mountPoint } of hierarchies)
    if (existsSync(`${mountPoint}/tsbuild-test`)) rmdirSync(`${mountPoint}/tsbuild-test`);
  // Other builds of this machine have groups while they run, and until the next build where they are killed.
  const left = hierarchies.flatMap(({ own }) =>
    readdirSync(own).filter((name) => builds.includes(/^tsbuild-\d+-(\d+)-\d+$/.exec(name)?.[1] ?? "")),
  );
  assert.deepEqual(left, []);
});

test("what is asked for beyond the usual needs --allow (ATTACKS 23)", { skip }, async (t) => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const build = (lines: readonly string[], ...flags: string[]): Promise<Outcome> =>
    rig.tsbuild(["build", "--progress=plain", ...base, ...flags, "-f", "-", rig.context({})], {
      input: `${lines.join("\n")}\n`,
    });
  const status = `RUN --security=insecure node -e 'console.log(fs.readFileSync("/proc/self/status", "utf8"), fs.readFileSync("/proc/keys").length > 0); fs.writeFileSync("/proc/sys/kernel/domainname", "x")'`;

  await t.test("security.insecure is refused at its line without, in whatever stage", async () => {
    const { status: code, stderr } = await build([
      "FROM base AS one",
      status,
      "FROM base",
      "COPY --from=one /etc /etc",
    ]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, />>> RUN --security=insecure[^]*--allow security\.insecure/);
  });
  await t.test("security.insecure with it has every capability, no filter and no masks", async () => {
    const { status: code, stderr } = await build(["FROM base", status], "--allow=security.insecure");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /CapEff:\s+0*[1-9a-f][0-9a-f]{8,}/);
    assert.match(stderr, /Seccomp:\s+0/);
  });
  await t.test("network.host is refused without", async () => {
    const { status: code, stderr } = await build(
      ["FROM base", "RUN --network=host true"],
      "--allow=security.insecure",
    );
    assert.equal(code, 2, stderr);
    assert.match(stderr, /--allow network\.host/);
  });
  for (const name of [
    "security.insecur",
    "Security.Insecure",
    "*",
    "",
    "__proto__",
    "security.insecure,network.host",
  ])
    await t.test(`--allow "${name}" is no entitlement`, async () => {
      const { status: code, stderr } = await build(["FROM base", status], `--allow=${name}`);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /Cannot use --allow/);
    });
});
