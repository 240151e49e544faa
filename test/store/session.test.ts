import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, utimesSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { newSessionName, parseSessionName } from "../../builder/store/session.ts";
import { scratchStore } from "./scratch.ts";

const parts = newSessionName().split("-");
const withPart = (index: number, value: string): string =>
  parts.map((part, i) => (i === index ? value : part)).join("-");
const OLD = 2;

test("newSessionName() tells pid, start, pid namespace and boot", () => {
  const name = parseSessionName(newSessionName());
  assert.equal(name?.pid, String(process.pid));
  assert.match(name.start, /^[1-9]\d*$/);
  assert.match(name.namespace, /^[1-9]\d*$/);
  assert.notEqual(name.boot, "00000000");
});

const cases: readonly [string, string, boolean, boolean][] = [
  // name, directory, listed when fresh, listed when two days old
  ["a living process's", newSessionName(), false, false],
  ["one whose id another process has now", withPart(1, "1"), true, true],
  ["one of another pid namespace", withPart(2, "1"), false, true],
  ["one of another boot", withPart(3, "0badb007"), false, true],
  ["one that nobody knows", "something", false, true],
];
for (const [what, name, fresh, old] of cases) {
  test(`sweepSessions() ${fresh ? "finds" : old ? "waits a day for" : "spares"} ${what} directory`, async () => {
    using scratch = scratchStore();
    const path = join(scratch.root, "tmp", name);
    mkdirSync(path, { recursive: true });
    assert.deepEqual(await scratch.store.sweepSessions(), fresh ? [path] : []);
    const time = Date.now() / 1000 - OLD * 86_400;
    utimesSync(path, time, time);
    assert.deepEqual(await scratch.store.sweepSessions(), old ? [path] : []);
  });
}

test("sweepSessions() finds the directory of a process that ended", async () => {
  using scratch = scratchStore();
  const child = spawn("sleep", ["1000"]);
  const name = withPart(0, String(child.pid));
  mkdirSync(join(scratch.root, "tmp", name), { recursive: true });
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.deepEqual(
    (await scratch.store.sweepSessions()).map((path) => basename(path)),
    [name],
  );
});

test("close() removes the session's directory, and sweepSessions() never lists it", async () => {
  using scratch = scratchStore();
  const path = scratch.store.tempPath("x");
  mkdirSync(path);
  assert.deepEqual(await scratch.store.sweepSessions(), []);
  await scratch.store.close();
  assert.deepEqual(await scratch.reopen().sweepSessions(), []);
});
