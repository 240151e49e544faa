import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { ALL_CAPABILITIES, DEFAULT_CAPABILITIES } from "../../../runtime/plan/capabilities.ts";
import { compileProfile } from "../../../runtime/seccomp/compile.ts";
import { prebuiltTarget } from "../../../runtime/seccomp/default-filter.ts";
import { DEFAULT_PROFILE } from "../../../runtime/seccomp/default-profile.ts";
import { PREBUILT_FILTERS } from "../../../runtime/seccomp/prebuilt.ts";
import { callNumbers, type CallTable } from "../../../runtime/seccomp/syscalls.ts";
import { RETURN, type SeccompCondition, type SeccompProfile } from "../../../runtime/seccomp/types.ts";
import { projectRoot } from "../../support/project.ts";
import { AUDIT, judge, runFilter } from "./machine.ts";

const EPERM = RETURN.errno | 1;
const ENOSYS = RETURN.errno | 38;
const TABLES: readonly (readonly [
  machine: string,
  go: string,
  table: CallTable,
  audit: number,
  base: number,
])[] = [
  ["x64", "amd64", "x86_64", AUDIT.x86_64, 0],
  ["x64", "amd64", "x86", AUDIT.x86, 0],
  ["x64", "amd64", "x32", AUDIT.x86_64, 0x40000000],
  ["arm64", "arm64", "aarch64", AUDIT.aarch64, 0],
  ["arm64", "arm64", "arm", AUDIT.arm, 0],
];
/** First arguments that some rule of the default profile cares for, and neighbours. */
const FIRST = [
  0n,
  1n,
  8n,
  11n,
  12n,
  13n,
  38n,
  40n,
  46n,
  0x20000n,
  0x20008n,
  0xffffffffn,
  1n << 32n,
  0x10000000n,
];

for (const [machine, go, table, architecture, base] of TABLES) {
  for (const [who, capabilities] of Object.entries({
    docker: DEFAULT_CAPABILITIES,
    every: ALL_CAPABILITIES,
    no: [],
  })) {
    test(`the default profile for ${who} capabilities decides every ${table} call as its rules say`, () => {
      const target = { ...prebuiltTarget(machine), capabilities };
      const filter = compileProfile(DEFAULT_PROFILE, target);
      const numbers = callNumbers(table);
      const names = new Map([...numbers].map(([name, number]) => [number, name]));
      const spoken = DEFAULT_PROFILE.rules.flatMap((rule) => (rule.where?.capabilities ? [] : rule.names));
      const newest = Math.max(...spoken.map((name) => numbers.get(name) ?? 0));
      for (const [number, name] of names) {
        for (const first of FIRST) {
          const { action, steps } = runFilter(filter, { number: base + number, architecture, args: [first] });
          const said = judge(DEFAULT_PROFILE, target, go, name, [first]);
          // What is newer than the profile is not there at all.
          assert.equal(action, number > newest ? ENOSYS : said, `${name}(${first})`);
          assert.ok(steps <= 100, `${name} takes ${steps} instructions`);
        }
      }
    });
  }
}

test("the prebuilt filters are what the default profile compiles to", () => {
  const built = Object.fromEntries(
    ["x64", "arm64"].map((machine) => [
      machine,
      compileProfile(DEFAULT_PROFILE, prebuiltTarget(machine)).toString("base64"),
    ]),
  );
  const file = join(projectRoot, "runtime/seccomp/prebuilt.ts");
  if (process.env["UPDATE"] === "1") {
    const lines = Object.entries(built).map(([machine, text]) => `  ${machine}:\n    "${text}",\n`);
    const [head] = readFileSync(file, "utf8").split("{");
    writeFileSync(file, `${head}{\n${lines.join("")}};\n`);
    return;
  }
  assert.deepEqual(PREBUILT_FILTERS, built);
});

test("what docker denies a container is denied, and by which error", () => {
  const filter = compileProfile(DEFAULT_PROFILE, prebuiltTarget("x64"));
  const numbers = callNumbers("x86_64");
  const ask = (name: string, ...args: bigint[]): number =>
    runFilter(filter, { number: numbers.get(name) ?? -1, architecture: AUDIT.x86_64, args }).action;
  for (const name of "keyctl add_key request_key bpf mount umount2 unshare setns init_module kexec_load io_uring_setup userfaultfd swapon reboot ioperm open_by_handle_at perf_event_open mbind move_pages vhangup settimeofday acct".split(
    " ",
  ))
    assert.equal(ask(name), EPERM, name);
  assert.equal(ask("clone3"), ENOSYS);
  const [threads, user] = [0x3d0f00n, 0x10000011n];
  assert.deepEqual([ask("clone", threads), ask("clone", user)], [RETURN.allow, EPERM]);
  assert.deepEqual(
    [1n, 2n, 10n, 16n].map((family) => ask("socket", family)),
    Array(4).fill(RETURN.allow),
  );
  assert.deepEqual(
    [38n, 40n].map((family) => ask("socket", family)),
    [EPERM, EPERM],
  );
  assert.deepEqual(
    ["ptrace", "chroot", "mknod"].map((name) => ask(name)),
    Array(3).fill(RETURN.allow),
  );
});

test("a call of an architecture that the profile does not name ends the process", () => {
  const profile = { ...DEFAULT_PROFILE, architectures: [] };
  const filter = compileProfile(profile, prebuiltTarget("x64"));
  const ask = (architecture: number, number: number): number =>
    runFilter(filter, { number, architecture }).action;
  assert.deepEqual(
    [ask(AUDIT.x86_64, 0), ask(AUDIT.x86, 3), ask(AUDIT.aarch64, 63), ask(AUDIT.x86_64, 0x40000000)],
    [RETURN.allow, ...Array<number>(3).fill(RETURN.killProcess)],
  );
});

test("compileProfile() decides by arguments as the rules say, whatever the rules are", () => {
  const number = fc.oneof(
    fc.constantFrom(0n, 1n, 0xffffffffn, 1n << 32n, (1n << 32n) + 1n, (1n << 64n) - 1n),
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  );
  const condition = fc.record({
    argument: fc.constantFrom(0, 1, 5),
    operator: fc.constantFrom<SeccompCondition["operator"]>("==", "!=", "<", "<=", ">", ">=", "masked=="),
    value: number,
    mask: number,
  });
  const rule = fc.record({
    names: fc.subarray(["read", "write", "open", "close", "removexattrat"], { minLength: 1 }),
    action: fc.constantFrom<number>(RETURN.allow, RETURN.log, RETURN.errno | 7, RETURN.killThread),
    conditions: fc.array(condition, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 12 }),
      fc.constantFrom<number>(RETURN.allow, EPERM),
      fc.array(number, { minLength: 6, maxLength: 6 }),
      fc.constantFrom("read", "write", "open", "close", "stat"),
      (rules, defaultAction, args, name) => {
        const profile: SeccompProfile = { defaultAction, architectures: [], rules };
        const target = prebuiltTarget("x64");
        const call = { number: callNumbers("x86_64").get(name) ?? -1, architecture: AUDIT.x86_64, args };
        const newest = Math.max(
          -1,
          ...rules.flatMap(({ names }) => names.map((one) => callNumbers("x86_64").get(one) ?? -1)),
        );
        const said = judge(profile, target, "amd64", name, args);
        const expected = call.number > newest && defaultAction === EPERM ? ENOSYS : said;
        return runFilter(compileProfile(profile, target), call).action === expected;
      },
    ),
  );
});
