import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { CALLERS, type Caller } from "../support/callers.ts";
import { canaryIn } from "../support/canary.ts";
import { listTree } from "../support/list-tree.ts";
import { missingTool } from "../support/path-with.ts";
import { nobodyNames } from "../support/processes-naming.ts";
import { outcomeOf, saying } from "../support/rig.ts";
import { withTun } from "../support/tun.ts";

const inStep = (script: string, flags = ""): string =>
  `RUN ${flags} node -e '${script.replaceAll("\n", " ")}'`;

/** Mounts that name a path, of this process's namespace. */
function mountsOf(path: string): string[] {
  return readFileSync("/proc/self/mountinfo", "latin1")
    .split("\n")
    .filter((line) => line.includes(path));
}

for (const { who, skip, open } of CALLERS) {
  test(`27: what the kernel offers to a step of ${who} leads nowhere outside`, { skip }, (t) =>
    withTun(async () => {
      await using caller = await open();
      const canary = canaryIn(caller.directory);
      const before = listTree(canary);
      const says = async (line: string, expected: RegExp): Promise<void> => {
        const { status, stderr } = await caller.build(`FROM base\n${line}\n`, ["--no-cache"]);
        assert.equal(status, 0, stderr);
        assert.match(stderr, expected);
        assert.deepEqual(listTree(canary), before);
      };

      await t.test("keys of the machine are hidden", () =>
        says(
          inStep(
            `console.log("keys", fs.readFileSync("/proc/keys").length, fs.existsSync("/proc/key-users"))`,
          ),
          /keys 0 /,
        ),
      );
      await t.test("processes of others are not there to be traced or signalled", () =>
        says(
          inStep(
            `const pids = fs.readdirSync("/proc").filter(Number).map(Number);
             const codes = [${process.pid}, ${process.ppid}].filter((pid) => !pids.includes(pid)).map((pid) => {
               try { process.kill(pid, 0); return "THERE" } catch (e) { return e.code } });
             console.log("pids", Math.max(...pids) < 20, codes.join())`,
          ),
          /pids true (ESRCH,?)*\n/,
        ),
      );
      await t.test(
        "abstract sockets of the machine are not reached (CVE-2020-15257)",
        { skip: missingTool("pasta") },
        async () => {
          const name = `tsbuild-canary-${process.pid}-${who.length}`;
          const server = createServer((socket) => socket.end("reached"));
          await listening(server, `\0${name}`);
          try {
            const connect = inStep(
              `require("net").connect({ path: String.fromCharCode(0) + "${name}" })
                .on("error", (e) => console.log("socket", e.code)).on("connect", () => console.log("socket", "open"))`,
            );
            for (const flags of ["RUN", "RUN --network=none"])
              await says(connect.replace("RUN", flags), /socket ECONNREFUSED/);
            // So it is the network that keeps them apart.
            const shared = ["--allow=network.host", "--no-cache"];
            const reached = await caller.build(
              `FROM base\n${connect.replace("RUN", "RUN --network=host")}\n`,
              shared,
            );
            assert.match(reached.stderr, /socket open/);
          } finally {
            server.close();
          }
        },
      );
      await t.test("control groups show the step's own, and no others", () =>
        says(
          inStep(
            `const at = "/sys/fs/cgroup"; const seen = fs.existsSync(at) ? fs.readdirSync(at, { recursive: true }) : [];
             let made = "none"; for (const one of ["", ...seen]) try { fs.mkdirSync(at + "/" + one + "/escape"); made = one } catch {}
             console.log("groups", seen.filter((one) => /docker|\\.slice|\\.scope|tsbuild-/.test(one)).length, made,
               seen.some((one) => one.endsWith("release_agent")))`,
          ),
          /groups 0 none false/,
        ),
      );
      await t.test("mounts of a step do not come back to the machine", async () => {
        const mounts = mountsOf(caller.directory);
        await says(
          inStep(
            `console.log("shared", /shared:|master:/.test(fs.readFileSync("/proc/self/mountinfo", "utf8")))`,
            "--mount=type=tmpfs,target=/t",
          ),
          /shared false/,
        );
        assert.deepEqual(mountsOf(caller.directory), mounts);
      });
      await t.test("processes without a parent are reaped", () =>
        says(
          inStep(
            `const { spawn, spawnSync } = require("child_process"); spawnSync("/bin/sh", ["-c", "(exit 0) & (exit 0) &"]);
             const zombies = () => fs.readdirSync("/proc").filter(Number).filter((pid) => { try {
               return / Z 1 /.test(fs.readFileSync("/proc/" + pid + "/stat", "latin1")) } catch { return false } }).length;
             const end = Date.now() + 120000; let left = zombies(); while (left > 0 && Date.now() < end) left = zombies(); console.log("zombies", left)`,
          ),
          /zombies 0/,
        ),
      );
      await t.test("kill -9 leaves no process, no mount and a store that works", () => killed(caller));
      assert.deepEqual(listTree(canary), before);
    }),
  );
}

async function killed(caller: Caller): Promise<void> {
  const mounts = mountsOf(caller.directory);
  const child = caller.startBuild(
    `FROM base\n${inStep(`console.log("step", "runs"); setInterval(() => {}, 1e6)`, "--mount=type=cache,target=/c")}\n`,
    [],
  );
  const ended = outcomeOf(child);
  await saying(child, /step runs/);
  child.kill("SIGKILL");
  await ended;
  await nobodyNames(join(caller.directory, "store"));
  assert.deepEqual(mountsOf(caller.directory), mounts);
  const next = await caller.build(
    `FROM base\n${inStep("console.log(1)", "--mount=type=cache,target=/c")}\n`,
    [],
  );
  assert.equal(next.status, 0, next.stderr);
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => server.once("error", reject).listen({ path }, resolve));
}
