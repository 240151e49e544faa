import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { addUser } from "../../support/ordinary-user.ts";
import { projectRoot } from "../../support/project.ts";
import { skip } from "./rig.ts";

const USER = "tsbuild-test";
const why = skip === false ? prepareUser() : skip;

/** Makes the ordinary user, with ranges of ids; why it could not, or false. */
function prepareUser(): string | false {
  if (spawnSync("newuidmap").error !== undefined) return "needs newuidmap (package uidmap)";
  if (!addUser(USER)) return `cannot add user ${USER}`;
  const probe = spawnSync("setpriv", [...asUser(), "unshare", "-U", "true"]);
  return probe.status === 0 ? false : "ordinary users may not make user namespaces here";
}

function asUser(): string[] {
  return ["--reuid", USER, "--regid", USER, "--init-groups", "--inh-caps=-all"];
}

/** Runs ordinary.ts as the user, on a copy of the code that the user may read. */
function runAsUser(kind: string): { code: number; output: string[]; diff: string[]; refused: string } {
  const compiled = join(dirname(fileURLToPath(import.meta.url)), "../../..");
  const copy = mkdtempSync(join(tmpdir(), "tsbuild-"));
  chmodSync(copy, 0o755);
  try {
    for (const folder of ["builder/core", "runtime", "test/runtime/helper"])
      cpSync(join(compiled, folder), join(copy, folder), { recursive: true });
    mkdirSync(join(copy, "native"));
    cpSync(join(projectRoot, "native/build/tsbuild-helper"), join(copy, "native/helper"));
    cpSync(join(projectRoot, "package.json"), join(copy, "package.json"));
    const script = relative(compiled, join(dirname(fileURLToPath(import.meta.url)), "ordinary.js"));
    const args = [...asUser(), process.execPath, join(copy, script), join(copy, "native/helper"), kind];
    const result = spawnSync("setpriv", args, {
      encoding: "utf8",
      cwd: "/",
      env: { PATH: process.env["PATH"] ?? "" },
    });
    assert.equal(result.status, 0, result.stderr);
    return JSON.parse(result.stdout);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

for (const [kind, name] of [
  ["ranges", "ranges of ids"],
  ["single", "a single id"],
] as const) {
  test(`an ordinary user with ${name} runs a step as root does`, { skip: why }, () => {
    const { code, output, diff, refused } = runAsUser(kind);
    assert.deepEqual(
      { code, output },
      { code: 0, output: ["uid=0 gid=0", "dev", "sys", "3:4", "a old", ""] },
    );
    assert.deepEqual(diff, [
      "etc directory 755 3:4",
      "etc/a whiteout",
      "etc/n file 644 7:8",
      "etc/old directory 755 0:0",
      "etc/old/f whiteout",
    ]);
    assert.match(refused, /Cannot make device 'null': only root of the host may make device nodes/);
  });
}
