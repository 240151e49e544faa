import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { findFile } from "../../builder/space/find.ts";
import { Trash } from "../../builder/space/trash.ts";
import type { Found } from "../../builder/space/types.ts";
import { newSessionName } from "../../builder/store/session.ts";
import { unsurePlace } from "../../builder/store/put-back.ts";
import { scratchStore, type ScratchStore } from "../store/scratch.ts";

function found({ store }: ScratchStore, text = "old"): Found {
  const path = store.path("records", "a".repeat(64));
  writeFileSync(path, text);
  const file = findFile(path);
  assert.ok(file);
  return file;
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const unused = (): Promise<void> => assert.fail("there is no directory");

test("Trash takes a file that nobody used, and what puts it back does", async () => {
  using scratch = scratchStore();
  const file = found(scratch);
  const trash = new Trash(scratch.store);
  const restore = trash.take(file);
  assert.ok(restore && !existsSync(file.path));
  restore();
  assert.equal(readFileSync(file.path, "utf8"), "old");
  assert.ok(trash.take(file));
  await trash.empty(unused);
  assert.ok(!existsSync(file.path));
  assert.deepEqual(
    readdirSync(join(scratch.root, "tmp"))
      .flatMap((name) => readdirSync(join(scratch.root, "tmp", name)))
      .filter((name) => name.endsWith("-trash")),
    [],
  );
});

test("Trash leaves a file that was used, or is another one, and takes nothing twice", () => {
  using scratch = scratchStore();
  const trash = new Trash(scratch.store);
  const used = found(scratch);
  utimesSync(used.path, 1, 1);
  assert.equal(trash.take(used), undefined);
  const other = found(scratch, "first");
  writeFileSync(`${other.path}.new`, "second");
  renameSync(`${other.path}.new`, other.path);
  assert.equal(trash.take(other), undefined);
  assert.equal(readFileSync(other.path, "utf8"), "second");
  const file = found(scratch);
  assert.ok(trash.take(file));
  assert.equal(trash.take(file), undefined);
});

test("what puts a file back does not put it over one that was made meanwhile", () => {
  using scratch = scratchStore();
  const file = found(scratch);
  const restore = new Trash(scratch.store).take(file);
  writeFileSync(file.path, "new");
  restore?.();
  assert.equal(readFileSync(file.path, "utf8"), "new");
});

test("sweepSessions() puts back what a process that died had not decided on, and nothing else", async () => {
  using scratch = scratchStore();
  const { root, store } = scratch;
  const gone = join(root, "tmp", newSessionName().replace(/^\d+/, "999999999"));
  const trash = join(gone, "3-trash");
  const blob = store.path("blobs/sha256", "b".repeat(64));
  const place = (path: string): string => unsurePlace(root, trash, path);
  put(place(blob), "made just now");
  put(place(join(root, "records", "c".repeat(64))), "old");
  put(join(root, "records", "c".repeat(64)), "new");
  put(place(join(dirname(root), "outside")), "x");
  put(join(trash, "1"), "decided");
  assert.deepEqual(await store.sweepSessions(), [gone]);
  assert.equal(readFileSync(blob, "utf8"), "made just now");
  assert.equal(readFileSync(join(root, "records", "c".repeat(64)), "utf8"), "new");
  assert.ok(!existsSync(join(dirname(root), "outside")));
});
