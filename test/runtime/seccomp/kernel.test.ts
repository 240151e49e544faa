import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { ALL_CAPABILITIES, DEFAULT_CAPABILITIES } from "../../../runtime/plan/capabilities.ts";
import { defaultFilter, localTarget } from "../../../runtime/seccomp/default-filter.ts";
import { DEFAULT_PROFILE } from "../../../runtime/seccomp/default-profile.ts";
import { callNumbers } from "../../../runtime/seccomp/syscalls.ts";
import { RETURN } from "../../../runtime/seccomp/types.ts";
import type { RunPlan } from "../../../runtime/types.ts";
import { projectRoot } from "../../support/project.ts";
import { Rig, skip as noNamespaces } from "../helper/rig.ts";
import { AUDIT, judge, runFilter } from "./machine.ts";

const skip = noNamespaces || (process.arch === "x64" ? false : "walks the calls of x86-64");
const EPERM = 1;
const ENOSYS = 38;

/** Calls that do not come back, or of which there is no telling. */
const UNANSWERED =
  /^(exit|exit_group|pause|rt_sigreturn|sigreturn|fork|vfork|clone|restart_syscall|rt_sigsuspend|seccomp)$/;

async function walker(
  rig: Rig,
): Promise<(changes: Partial<RunPlan>, args: readonly string[]) => Promise<Map<number, number>>> {
  const source = join(projectRoot, "fixtures/native/call-walk.c");
  const built = spawnSync("cc", ["-O1", "-static", "-o", rig.path("base/bin/walk"), source], {
    encoding: "utf8",
  });
  assert.equal(built.status, 0, built.stderr);
  return async (changes, args) => {
    const result = await rig.run(["walk", ...args], changes);
    assert.equal(result.code, 0, result.stderr);
    const pairs = result.stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ").map(Number));
    return new Map(pairs.map(([number = -1, error = -1]) => [number, error]));
  };
}

for (const [who, capabilities] of [
  ["docker's capabilities", DEFAULT_CAPABILITIES],
  ["no capabilities", []],
  [
    "every capability but those that reach the host",
    ALL_CAPABILITIES.filter((one) => ![16, 17, 20, 22, 25].includes(one)),
  ],
] as const) {
  test(
    `with ${who} a call gives its own result where it is allowed, EPERM or ENOSYS where not`,
    { skip },
    async () => {
      await using rig = await Rig.start();
      const walk = await walker(rig);
      const names = [...callNumbers("x86_64")].filter(([name]) => !UNANSWERED.test(name));
      const args = names.map(([, number]) => String(number));
      const seccomp = await defaultFilter(capabilities);
      const free = await walk({ capabilities }, args);
      const held = await walk({ capabilities, seccomp }, args);
      let denied = 0;
      for (const [name, number] of names) {
        const said = judge(DEFAULT_PROFILE, localTarget(capabilities), "amd64", name, [-1n, -1n, -1n]);
        const got = held.get(number);
        if (said === RETURN.allow) assert.equal(got, free.get(number), `${name} is allowed`);
        else {
          denied++;
          assert.ok(got === EPERM || got === ENOSYS, `${name} is denied, and gives ${got}`);
        }
      }
      assert.ok(denied > 30, `${denied} calls are denied`);
    },
  );
}

test("a denied call is denied to i386 as well", { skip }, async () => {
  await using rig = await Rig.start();
  const walk = await walker(rig);
  const numbers = callNumbers("x86");
  const seccomp = await defaultFilter(DEFAULT_CAPABILITIES);
  const asked = ["keyctl", "mount", "clone3", "getpid"].map((name) => numbers.get(name) ?? -1);
  const filter = seccomp ?? new Uint8Array();
  const said = asked.map((number) => runFilter(filter, { number, architecture: AUDIT.x86 }).action & 0xff);
  assert.deepEqual(said, [EPERM, EPERM, ENOSYS, 0]);
  const held = await walk({ seccomp }, ["i386", ...asked.map(String)]);
  // A kernel without the calls of i386 answers ENOSYS, or ends the caller.
  const answers = asked.map((number) => held.get(number));
  if (answers[3] === 0) assert.deepEqual(answers, [EPERM, EPERM, ENOSYS, 0]);
});

test("no_new_privs stays off with a filter, and the filter stays without privileges", { skip }, async () => {
  await using rig = await Rig.start();
  const seccomp = await defaultFilter(DEFAULT_CAPABILITIES);
  const command = "grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status | tr -s '\\t' ' '";
  for (const [uid, noNewPrivileges] of [
    [0, false],
    [1000, false],
    [1000, true],
  ] as const) {
    const result = await rig.run(command, { seccomp, uid, noNewPrivileges });
    assert.equal(result.stdout, `NoNewPrivs: ${noNewPrivileges ? 1 : 0}\nSeccomp: 2\n`, result.stderr);
  }
});
