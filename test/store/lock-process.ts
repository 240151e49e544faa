import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { openStore } from "../../builder/store/open.ts";

// A process of its own that takes a lock: `hold ROOT NAME` says "held" and keeps it until it is killed; `count ROOT NAME
// FILE ROUNDS` adds one to the number in a file, so many times, each time under the lock.

const [mode, root = "", name = "", file = "", rounds = "0"] = process.argv.slice(2);
const store = openStore({ root, env: {} });

if (mode === "hold") {
  await store.locks.acquire(name);
  process.stdout.write("held\n");
  setInterval(() => {}, 1 << 30);
} else {
  for (let round = 0; round < Number(rounds); round++) {
    using lock = await store.locks.acquire(name);
    assert.ok(lock);
    const old = Number(readFileSync(file, "utf8"));
    await new Promise((resolve) => setImmediate(resolve));
    writeFileSync(file, String(old + 1));
  }
  await store.close();
}
