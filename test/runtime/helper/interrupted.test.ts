import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openHelper } from "../../../runtime/helper/start.ts";
import { RETURN } from "../../../runtime/seccomp/types.ts";
import { projectRoot } from "../../support/project.ts";
import { filtered } from "./older-kernel.ts";
import { Rig, skip } from "./rig.ts";

const EINVAL = 22;
/** SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, of Linux 5.19. */
const WAIT_KILLABLE = 1n << 5n;

/** A user namespace with a single id, in which owners are recorded. */
async function single(binary?: string): Promise<Rig> {
  const own = [{ inside: 0, outside: 0, count: 1 }];
  const helper = await openHelper({ lanes: 2, idMaps: { uid: own, gid: own }, ...(binary && { binary }) });
  return new Rig(helper, mkdtempSync(join(tmpdir(), "tsbuild-")));
}

for (const older of [false, true]) {
  const kernel = older ? " on a kernel that lets signals in" : "";
  test(`a call that a signal comes upon is done once with a single id${kernel}`, { skip }, async () => {
    const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
    try {
      const flag = { argument: 1, operator: "masked==", mask: WAIT_KILLABLE, value: WAIT_KILLABLE } as const;
      const refuses = { names: ["seccomp"], action: RETURN.errno | EINVAL, conditions: [flag] };
      await using rig = await single(older ? filtered(directory, [refuses]) : undefined);
      const source = join(projectRoot, "fixtures/native/interrupted-calls.c");
      execFileSync("cc", ["-static", "-o", rig.path("base/bin/interrupted"), source]);
      const result = await rig.run(["/bin/interrupted"], { recordOwners: true });
      // Some 500 of them are. A signal in the instant after an answer still has the call made again: nobody can tell.
      const [, failures] = /interrupted, (\d+) failures\n$/.exec(result.stdout) ?? [];
      assert.ok(Number(failures) <= 8, result.stdout + result.stderr);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}
