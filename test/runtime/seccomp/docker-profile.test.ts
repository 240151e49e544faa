import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { TsbuildError } from "../../../builder/core/errors.ts";
import { DEFAULT_CAPABILITIES } from "../../../runtime/plan/capabilities.ts";
import { compileProfile } from "../../../runtime/seccomp/compile.ts";
import { prebuiltTarget } from "../../../runtime/seccomp/default-filter.ts";
import { DEFAULT_PROFILE } from "../../../runtime/seccomp/default-profile.ts";
import { parseProfile } from "../../../runtime/seccomp/docker-profile.ts";
import { fileFilter } from "../../../runtime/seccomp/file-filter.ts";
import { callNumbers } from "../../../runtime/seccomp/syscalls.ts";
import { RETURN, type SeccompProfile } from "../../../runtime/seccomp/types.ts";
import { AUDIT, runFilter } from "./machine.ts";

function parsed(profile: object): SeccompProfile {
  return parseProfile(JSON.stringify(profile), "p.json") ?? assert.fail("it is empty");
}

function equal(value: bigint): object {
  return { argument: 0, operator: "==", value };
}

test("parseProfile() reads what docker's profiles are made of", () => {
  const text = `{
    "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
    "archMap": [{ "architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"] },
                { "architecture": "SCMP_ARCH_AARCH64", "subArchitectures": null }],
    "syscalls": [
      { "names": ["read", "write"], "action": "SCMP_ACT_ALLOW" },
      { "name": "personality", "action": "SCMP_ACT_ALLOW", "args": [{ "index": 0, "value": 18446744073709551615, "op": "SCMP_CMP_EQ" }] },
      { "names": ["clone"], "action": "SCMP_ACT_ALLOW", "comment": "x",
        "args": [{ "index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ" }],
        "includes": { "arches": ["amd64"], "caps": ["CAP_SYS_ADMIN"], "minKernel": "4.8" }, "excludes": { "caps": ["CAP_BPF"] } },
      { "names": ["socket"], "action": "SCMP_ACT_LOG",
        "args": [{ "index": 0, "value": 1, "op": "SCMP_CMP_EQ" }, { "index": 0, "value": 2, "op": "SCMP_CMP_EQ" }] }
    ] }`;
  const profile = parseProfile(text, "p.json");
  assert.equal(profile?.defaultAction, RETURN.errno | 38);
  if (process.arch === "x64") assert.deepEqual(profile.architectures, ["x86_64", "x86"]);
  assert.deepEqual(profile.rules, [
    { names: ["read", "write"], action: RETURN.allow, conditions: [] },
    { names: ["personality"], action: RETURN.allow, conditions: [equal((1n << 64n) - 1n)] },
    {
      names: ["clone"],
      action: RETURN.allow,
      conditions: [{ argument: 0, operator: "masked==", mask: 2114060288n, value: 0n }],
      where: { architectures: ["amd64"], capabilities: [21], kernel: [4, 8] },
      except: { capabilities: [39] },
    },
    { names: ["socket"], action: RETURN.log, conditions: [equal(1n)] },
    { names: ["socket"], action: RETURN.log, conditions: [equal(2n)] },
  ]);
});

test("parseProfile() takes an empty profile for none", () => {
  assert.equal(parseProfile("{}", "p.json"), undefined);
});

const refused: readonly (readonly [json: string, message: RegExp])[] = [
  ["{", /p\.json: it is not JSON/],
  ["[]", /it is not an object/],
  [`{"defaultAction":"SCMP_ACT_ALOW"}`, /defaultAction is "SCMP_ACT_ALOW", not one of/],
  [`{"defaultAction":"__proto__"}`, /defaultAction is "__proto__"/],
  [`{"defaultAction":"SCMP_ACT_NOTIFY"}`, /not one of/],
  [
    `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"archMap":[{}]}`,
    /both architectures/,
  ],
  [
    `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"],"name":"b","action":"SCMP_ACT_LOG"}]}`,
    /both name and names/,
  ],
  [`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":[1],"action":"SCMP_ACT_LOG"}]}`, /not a string/],
  [
    `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"],"action":"SCMP_ACT_LOG","args":[{"index":6}]}]}`,
    /index is not a number from 0 to 5/,
  ],
  [`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":65536}`, /from 0 to 65535/],
];

for (const [json, message] of refused) {
  test(`parseProfile() refuses ${json}`, () => {
    assert.throws(
      () => parseProfile(json, "p.json"),
      (error) => error instanceof TsbuildError && error.code === "USAGE" && message.test(error.message),
    );
  });
}

test("a call that a profile denies by an error of its own gets that error", () => {
  const profile = parsed({
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["mkdir", "no_such_call"], action: "SCMP_ACT_ERRNO", errnoRet: 30 }],
  });
  const filter = compileProfile(profile, prebuiltTarget("x64"));
  const ask = (number: number): number => runFilter(filter, { number, architecture: AUDIT.x86_64 }).action;
  assert.deepEqual([ask(83), ask(84), ask(9999)], [RETURN.errno | 30, RETURN.allow, RETURN.allow]);
});

const INSTALLED = "/usr/share/containers/seccomp.json";
const skip = existsSync(INSTALLED) ? false : `needs ${INSTALLED}`;

test(
  "the profile that the distribution gives to containers compiles, and denies what ours does",
  { skip },
  () => {
    const theirs = fileFilter(INSTALLED, DEFAULT_CAPABILITIES) ?? assert.fail("it is empty");
    const ours = compileProfile(DEFAULT_PROFILE, prebuiltTarget("x64"));
    assert.match(readFileSync(INSTALLED, "utf8"), /SCMP_ACT_ERRNO/);
    const numbers = callNumbers("x86_64");
    for (const name of ["bpf", "perf_event_open", "read", "execve", "openat2"]) {
      const call = { number: numbers.get(name) ?? -1, architecture: AUDIT.x86_64 };
      const [theirAction, ourAction] = [theirs, ours].map((filter) => runFilter(filter, call).action);
      assert.equal(theirAction === RETURN.allow, ourAction === RETURN.allow, name);
    }
  },
);
