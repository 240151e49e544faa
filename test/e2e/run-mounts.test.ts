import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig } from "../support/rig.ts";

const skip = process.getuid?.() === 0 ? false : "needs root";

test("mounts, limits and filters of a container", { skip }, async (t) => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const input = [
    "FROM base",
    'RUN node -e \'fs.mkdirSync("/data", 0o750); fs.chownSync("/data", 7, 8); fs.writeFileSync("/data/seed", "seed")\'',
    "VOLUME /data /new/place",
    'ENTRYPOINT ["node", "-e"]',
  ].join("\n");
  const built = await rig.tsbuild(["build", ...base, "-t", "app", "-f", "-", rig.context({})], { input });
  assert.equal(built.status, 0, built.stderr);
  const run = (...args: string[]) => rig.tsbuild(["run", "--network=none", ...args]);
  const prints = async (expected: string, ...args: string[]): Promise<void> => {
    const { status, stdout, stderr } = await run("--rm", ...args);
    assert.equal(stderr, "");
    assert.deepEqual([status, stdout], [0, `${expected}\n`]);
  };

  await t.test(
    "the image's volumes begin with its files, and can be written to in a read-only root",
    async () => {
      const look = `const s = fs.statSync("/data"); fs.writeFileSync("/new/place/x", "");
      console.log(s.uid, s.gid, (s.mode & 0o777).toString(8), fs.readFileSync("/data/seed", "utf8"), fs.readdirSync("/new/place"))`;
      await prints("7 8 750 seed [ 'x' ]", "--read-only", "app", look);
      assert.deepEqual(readdirSync(`${rig.store}/containers`), []);
    },
  );
  await t.test("what is in a volume is not in what commit makes", async () => {
    const made = await run(
      "--name",
      "made",
      "app",
      `fs.writeFileSync("/data/more", ""); fs.writeFileSync("/top", "")`,
    );
    assert.equal(made.status, 0, made.stderr);
    const committed = await rig.tsbuild(["commit", "made", "app2"]);
    assert.equal(committed.status, 0, committed.stderr);
    await prints("true false", "app2", `console.log(fs.existsSync("/top"), fs.existsSync("/data/more"))`);
    assert.equal((await rig.tsbuild(["rm", "made"])).status, 0);
  });
  await t.test("--mount, --tmpfs and -v DIRECTORY", async () => {
    const directory = rig.context({ "in.txt": "from the host" }, "bound");
    const options = `fs.readFileSync("/proc/mounts", "utf8").split("\\n").filter((line) => line.includes(" /scratch "))[0].split(" ").slice(2, 4).join(" ")`;
    await prints(
      "from the host|EROFS|seed|tmpfs rw,nosuid,nodev,relatime,size=1024k,mode=700",
      "--mount",
      `type=bind,source=${directory},target=/bound,readonly`,
      "--tmpfs=/scratch:size=1m,mode=700,exec",
      "-v/empty",
      "app",
      `let code; try { fs.writeFileSync("/bound/x", "") } catch (e) { code = e.code }
       fs.writeFileSync("/empty/x", "");
       console.log([fs.readFileSync("/bound/in.txt", "utf8"), code, fs.readFileSync("/data/seed", "utf8"), ${options}].join("|"))`,
    );
    assert.ok(!existsSync(`${directory}/x`));
    const missing = await run("--mount=type=bind,src=/no/such,dst=/x", "app", "");
    assert.match(missing.stderr, /Cannot mount \/no\/such: there is no such file/);
    const twice = await run("--tmpfs=/a", "-v", `${directory}:/a/`, "app", "");
    assert.match(twice.stderr, /two mounts name it/);
  });
  await t.test("fsync is obeyed where what is written outlives the container", async () => {
    const look = `console.log(fs.readFileSync("/proc/self/mounts", "utf8").split("\\n").filter((line) => line.split(" ")[2] === "overlay").some((line) => /volatile/.test(line)))`;
    await prints("true", "app", look);
    const kept = await run("--name=kept", "app", look);
    assert.equal(kept.stdout, "false\n");
    assert.equal((await rig.tsbuild(["rm", "kept"])).status, 0);
  });
  await t.test("--ulimit, --shm-size, --add-host, --dns and --security-opt", async () => {
    const status = `const of = (name) => new RegExp(name + ":\\\\s+(\\\\S+)").exec(fs.readFileSync("/proc/self/status", "utf8"))[1];
      const shm = fs.statfsSync("/dev/shm"); const text = (path) => fs.readFileSync(path, "utf8");
      console.log(of("NoNewPrivs"), of("Seccomp"), shm.blocks * shm.bsize, /Max core file size +4096 +8192 /.test(text("/proc/self/limits")),
        text("/etc/hosts").includes("10.0.0.7\\tdb"), /nameserver 1\\.1\\.1\\.1\\n/.test(text("/etc/resolv.conf")))`;
    const flags = ["--ulimit=core=4096:8192", "--shm-size=8m", "--add-host=db:10.0.0.7", "--dns=1.1.1.1"];
    await prints("0 2 8388608 true true true", ...flags, "app", status);
    const open = ["--security-opt=no-new-privileges", "--security-opt", "seccomp=unconfined"];
    await prints("1 0 8388608 true true true", ...flags, ...open, "app", status);
    const profile = rig.context(
      {
        "p.json": `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}`,
      },
      "profile",
    );
    const denied = `try { fs.mkdirSync("/tmp/x") } catch (e) { console.log(e.code) }`;
    await prints("EPERM", "--security-opt", `seccomp=${profile}/p.json`, "app", denied);
  });
  await t.test("--memory ends what takes more", async () => {
    const eat = "const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1))";
    const { status } = await run("--rm", "--memory=96m", "app", eat);
    assert.equal(status, 137);
  });
});
