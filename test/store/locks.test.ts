import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openStore } from "../../builder/store/open.ts";
import { scratchStore } from "./scratch.ts";

const script = fileURLToPath(new URL("lock-process.js", import.meta.url));
const unshare = ["unshare", "--pid", "--net", "--fork", "--kill-child"];
const noNamespaces =
  spawnSync("unshare", [...unshare.slice(1), "true"]).status === 0
    ? false
    : "cannot make pid and network namespaces";

function start(args: readonly string[], within: readonly string[] = []): ChildProcess {
  const [command = "", ...rest] = [...within, process.execPath, script, ...args];
  return spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
}

async function holder(root: string, name: string, within: readonly string[] = []): Promise<ChildProcess> {
  const child = start(["hold", root, name], within);
  assert.ok(child.stdout);
  await once(child.stdout, "data");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

test("acquire() waits for the one before, in the order of coming", async () => {
  using scratch = scratchStore();
  const [a, b, c] = [scratch.store, scratch.reopen(), scratch.reopen()];
  const order: string[] = [];
  const first = await a.locks.acquire("x");
  const second = b.locks.acquire("x", { onWait: () => order.push("b waits") });
  while (order.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const third = c.locks.acquire("x");
  order.push("a lets go");
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
  order.push("b let go");
  (await third)[Symbol.dispose]();
  assert.deepEqual(order, ["b waits", "a lets go", "b let go"]);
  assert.deepEqual(readdirSync(join(scratch.root, "locks")), []);
  for (const store of [a, b, c]) await store.close();
});

test("locks of different names, and a lock that nobody has, keep nobody waiting", async () => {
  using scratch = scratchStore();
  using one = await scratch.store.locks.acquire("one");
  const waited = { onWait: () => assert.fail("waits") };
  const other = scratch.reopen();
  (await other.locks.acquire("two", waited))[Symbol.dispose]();
  (await other.locks.acquire("two", waited))[Symbol.dispose]();
  await other.close();
  assert.ok(one);
});

test("tryAcquire() takes what is free, what is let go and what the dead had", async () => {
  using scratch = scratchStore();
  const child = await holder(scratch.root, "x");
  assert.equal(await scratch.store.locks.tryAcquire("x"), undefined);
  await kill(child);
  const lock = await scratch.store.locks.tryAcquire("x");
  assert.ok(lock);
  assert.equal(await scratch.reopen().locks.tryAcquire("x"), undefined);
  lock[Symbol.dispose]();
  assert.ok(await scratch.store.locks.tryAcquire("x"));
  await scratch.store.close();
});

test("acquire() gets the lock of a process that was killed while it waited", async () => {
  using scratch = scratchStore();
  const child = await holder(scratch.root, "x");
  let killed: Promise<void> | undefined;
  await scratch.store.locks.acquire("x", { onWait: () => (killed = kill(child)) });
  assert.ok(killed);
  await killed;
  await scratch.store.close();
});

test("acquire() gives up when its signal is aborted, and keeps nobody from the lock", async () => {
  using scratch = scratchStore();
  const lock = await scratch.store.locks.acquire("x");
  const other = scratch.reopen();
  const controller = new AbortController();
  const reason = new Error("enough");
  const waiting = other.locks.acquire("x", {
    signal: controller.signal,
    onWait: () => controller.abort(reason),
  });
  await assert.rejects(waiting, reason);
  lock[Symbol.dispose]();
  assert.ok(await scratch.store.locks.tryAcquire("x"));
  await other.close();
  await scratch.store.close();
});

test("close() lets go of what is held", async () => {
  using scratch = scratchStore();
  const other = scratch.reopen();
  await other.locks.acquire("x");
  await other.close();
  assert.ok(await scratch.store.locks.tryAcquire("x"));
  await scratch.store.close();
});

test("a lock works in a store whose path is longer than a socket's may be", async () => {
  using scratch = scratchStore();
  const root = join(scratch.root, "long".repeat(40));
  mkdirSync(root);
  const child = await holder(root, "x");
  const store = openStore({ root, env: {} });
  assert.equal(await store.locks.tryAcquire("x"), undefined);
  await store.locks.acquire("x", { onWait: () => child.kill("SIGKILL") });
  await store.close();
});

test(
  "a lock of another container is seen, and free when that is killed",
  { skip: noNamespaces },
  async () => {
    using scratch = scratchStore();
    const child = await holder(scratch.root, "x", unshare);
    assert.equal(await scratch.store.locks.tryAcquire("x"), undefined);
    assert.deepEqual(await scratch.store.sweepSessions(), [], "its session lives");
    await scratch.store.locks.acquire("x", { onWait: () => child.kill("SIGKILL") });
    const [gone, ...others] = await scratch.store.sweepSessions();
    assert.ok(gone, "its session is gone at once, not after a day");
    assert.deepEqual(others, []);
    await scratch.store.close();
  },
);

test("sweepSessions() removes the tickets of the dead", async () => {
  using scratch = scratchStore();
  await kill(await holder(scratch.root, "x"));
  const living = await holder(scratch.root, "y");
  assert.equal(readdirSync(join(scratch.root, "locks")).length, 2);
  await scratch.store.sweepSessions();
  assert.equal(readdirSync(join(scratch.root, "locks")).length, 1);
  await kill(living);
  await scratch.store.close();
});

test("only one process at a time has a lock, whatever dies beside it", async () => {
  using scratch = scratchStore();
  const file = join(scratch.root, "count");
  writeFileSync(file, "0");
  const doomed = await holder(scratch.root, "x");
  const counters = [1, 2, 3, 4].map(() => start(["count", scratch.root, "x", file, "40"]));
  const ends = Promise.all(counters.map((child) => once(child, "exit")));
  await kill(doomed);
  assert.deepEqual(
    (await ends).map(([code]) => code),
    [0, 0, 0, 0],
  );
  assert.equal(readFileSync(file, "utf8"), "160");
  assert.deepEqual(readdirSync(join(scratch.root, "locks")), []);
});
