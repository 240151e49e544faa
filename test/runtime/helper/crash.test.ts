import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { skip } from "./rig.ts";

const victim = join(dirname(fileURLToPath(import.meta.url)), "victim.js");

/** Processes with the text in their environment: the step's, whatever pid namespace they are in. */
function processesWith(text: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(text);
    } catch {
      return false;
    }
  });
}

/** A zombie has ended, too: when it vanishes is up to the machine's first process. */
function hasEnded(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1") === "";
  } catch {
    return true;
  }
}

function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
}

async function until(done: () => boolean, what: string): Promise<void> {
  const limit = performance.now() + 120_000;
  while (!done()) {
    assert.ok(performance.now() < limit, what);
    await setImmediate();
  }
}

for (const init of ["init", "none"]) {
  for (const whom of ["client", "helper"]) {
    test(
      `kill -9 of the ${whom} leaves no process and no mount (first process: ${init})`,
      { skip },
      async () => {
        const client = spawn(process.execPath, [victim, init], { stdio: ["ignore", "pipe", "ignore"] });
        const [line] = (await once(client.stdout, "data")) as [Buffer];
        const root = line.toString().trim();
        const [helper = ""] = childrenOf(client.pid ?? 0);
        await until(() => processesWith(`MARK=${root}`).length >= 2, "the step runs");
        process.kill(whom === "client" ? (client.pid ?? 0) : Number(helper), "SIGKILL");
        await once(client, "close");
        await until(() => processesWith(`MARK=${root}`).length === 0, "the step's processes are gone");
        assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(root));
        await until(() => hasEnded(helper), "the helper is gone");
        rmSync(root, { recursive: true, maxRetries: 30 });
      },
    );
  }
}
