import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256, type DiffId } from "../../builder/core/digest.ts";
import { newSessionName } from "../../builder/store/session.ts";
import { scratchStore, type ScratchStore } from "./scratch.ts";

const OTHER_BOOT = "1-1-1-0badb007-00000000";
const diffId = (text: string): DiffId => sha256(text) as DiffId;

function markers({ root }: ScratchStore): string[] {
  return readdirSync(join(root, "unsynced"));
}

test("sync() takes the marker away that the first write made", async () => {
  using scratch = scratchStore();
  const { store } = scratch;
  await store.sync(() => assert.fail("nothing was written"));
  assert.equal(existsSync(join(scratch.root, "unsynced")), false);
  store.blobs.put(Buffer.from("x"));
  assert.equal(markers(scratch).length, 1);
  const synced: string[] = [];
  await store.sync(async (directory) => void synced.push(directory));
  assert.deepEqual(synced, [scratch.root]);
  assert.deepEqual(markers(scratch), []);
  store.layers.update(diffId("x"), { size: 1 });
  assert.equal(markers(scratch).length, 1, "what is written later is not safe again");
});

test("sync() without a helper syncs the files that were written, also those that are gone again", async () => {
  using scratch = scratchStore();
  const kept = scratch.store.blobs.put(Buffer.from("kept"));
  scratch.store.blobs.delete(scratch.store.blobs.put(Buffer.from("gone")));
  await scratch.store.sync();
  assert.deepEqual(markers(scratch), []);
  assert.ok(scratch.store.blobs.has(kept));
});

test("sync() takes the marker away when big files were flushed early, also one that is gone again", async () => {
  using scratch = scratchStore();
  const kept = scratch.store.blobs.put(Buffer.alloc(17 << 20, "a"));
  await Promise.resolve();
  scratch.store.blobs.delete(scratch.store.blobs.put(Buffer.alloc(17 << 20, "b")));
  assert.equal(markers(scratch).length, 1);
  await scratch.store.sync();
  assert.deepEqual(markers(scratch), []);
  assert.ok(scratch.store.blobs.has(kept));
});

test("sync() keeps the marker when something was written meanwhile, or when it fails", async () => {
  using scratch = scratchStore();
  scratch.store.blobs.put(Buffer.from("one"));
  await scratch.store.sync(async () => void scratch.store.blobs.put(Buffer.from("two")));
  assert.equal(markers(scratch).length, 1);
  await assert.rejects(scratch.store.sync(() => Promise.reject(new Error("input/output error"))));
  assert.equal(markers(scratch).length, 1);
});

test("sync() takes away the markers of the dead and moves those of the living", async () => {
  using scratch = scratchStore();
  mkdirSync(join(scratch.root, "unsynced"));
  const [, start, ...rest] = newSessionName().split("-");
  const living = newSessionName();
  const dead = [process.pid, Number(start) + 1, ...rest].join("-");
  for (const name of [living, dead]) {
    writeFileSync(join(scratch.root, "unsynced", name), "");
    utimesSync(join(scratch.root, "unsynced", name), 1, 1);
  }
  scratch.store.blobs.put(Buffer.from("x"));
  await scratch.store.sync(async () => {});
  assert.deepEqual(markers(scratch), [living]);
  assert.ok(statSync(join(scratch.root, "unsynced", living)).mtimeMs > 1_000_000);
});

test("openStore() drops records and damaged blobs that a power cut may have torn", () => {
  using scratch = scratchStore();
  const { store } = scratch;
  const whole = store.blobs.put(Buffer.from("whole"));
  const torn = store.blobs.put(Buffer.from("torn"));
  writeFileSync(store.blobs.path(torn), "\0\0\0\0");
  store.layers.update(diffId("a"), { size: 1 });
  store.refs.set("docker.io/library/a:latest", {
    mediaType: "x",
    digest: whole,
    size: 5,
    time: 1,
    origin: "built",
  });
  mark(scratch, 10);

  const after = scratch.reopen();
  assert.equal(after.layers.get(diffId("a")), undefined);
  assert.equal(after.blobs.has(torn), false);
  assert.equal(after.blobs.read(whole).toString(), "whole");
  assert.equal(after.refs.list().length, 1);
  assert.ok(!markers(scratch).includes(OTHER_BOOT));
});

test("openStore() drops them too where the clock starts in the past", (t) => {
  using scratch = scratchStore();
  scratch.store.layers.update(diffId("a"), { size: 1 });
  mark(scratch, 10);
  t.mock.method(Date, "now", () => 0);
  assert.equal(scratch.reopen().layers.get(diffId("a")), undefined);
});

test("openStore() keeps what was written before the marker, and everything of this boot", () => {
  using scratch = scratchStore();
  const { store } = scratch;
  store.layers.update(diffId("a"), { size: 1 });
  assert.ok(scratch.reopen().layers.get(diffId("a")), "this boot's marker means nothing yet");
  mark(scratch, -60);
  assert.ok(scratch.reopen().layers.get(diffId("a")), "older than the marker");
  assert.equal(existsSync(join(scratch.root, "unsynced", OTHER_BOOT)), false);
});

/** A marker of another boot, as old as `age` seconds. */
function mark({ root }: ScratchStore, age: number): void {
  const path = join(root, "unsynced", OTHER_BOOT);
  mkdirSync(join(root, "unsynced"), { recursive: true });
  writeFileSync(path, "");
  const time = Date.now() / 1000 - age;
  utimesSync(path, time, time);
}
