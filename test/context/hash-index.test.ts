import assert from "node:assert/strict";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { HashIndex } from "../../builder/context/hash-index.ts";
import { openLocalContext } from "../../builder/context/local.ts";
import type { Bytes } from "../../builder/core/bytes.ts";
import { sha256 } from "../../builder/core/digest.ts";
import type { FileStamp } from "../../builder/core/entry.ts";

function temporary(): { path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), "tsbuild-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const OLD = 1_700_000_000_000.25;
const STAMP: FileStamp = { size: 3, mtimeMs: OLD, ctimeMs: OLD + 1, ino: 7 };
const LATER = OLD + 60_000;
const path = "dir/a\nb\xff" as Bytes;

function saved(file: string, add: (index: HashIndex) => void): HashIndex {
  const index = new HashIndex(file);
  add(index);
  index.save();
  return new HashIndex(file);
}

test("HashIndex gives back what was saved, whatever the names", () => {
  using dir = temporary();
  const index = saved(join(dir.path, "index"), (fresh) => {
    fresh.put(path, STAMP, sha256("a"), LATER);
    fresh.put("z" as Bytes, STAMP, sha256("z"), LATER);
  });
  assert.equal(index.get(path, STAMP), sha256("a"));
  assert.equal(index.get("z" as Bytes, STAMP), sha256("z"));
  assert.equal(index.get("other" as Bytes, STAMP), undefined);
  assert.deepEqual(readdirSync(dir.path), ["index"]);
});

test("HashIndex forgets a file of which size, times or inode differ", () => {
  using dir = temporary();
  const index = saved(join(dir.path, "index"), (fresh) => fresh.put(path, STAMP, sha256("a"), LATER));
  for (const key of ["size", "mtimeMs", "ctimeMs", "ino"] as const)
    assert.equal(index.get(path, { ...STAMP, [key]: STAMP[key] + 1 }), undefined, key);
});

test("HashIndex does not keep a file that changed as it was read", () => {
  using dir = temporary();
  const whole = { ...STAMP, mtimeMs: 1_700_000_000_000, ctimeMs: 1_700_000_000_000 };
  const index = saved(join(dir.path, "index"), (fresh) => {
    fresh.put("just" as Bytes, STAMP, sha256("a"), OLD + 50);
    fresh.put("future" as Bytes, STAMP, sha256("a"), OLD - 5000);
    // Where times are whole seconds, or two of them as on FAT, two changes may well have the same.
    fresh.put("coarse" as Bytes, whole, sha256("a"), whole.mtimeMs + 1500);
    fresh.put("old" as Bytes, STAMP, sha256("a"), LATER);
  });
  assert.deepEqual(
    ["just", "future", "coarse", "old"].map(
      (name) => index.get(name as Bytes, STAMP) ?? index.get(name as Bytes, whole),
    ),
    [undefined, undefined, undefined, sha256("a")],
  );
});

test("HashIndex keeps older entries when it saves new ones", () => {
  using dir = temporary();
  const file = join(dir.path, "index");
  const second = saved(file, (fresh) => fresh.put("a" as Bytes, STAMP, sha256("a"), LATER));
  second.get("a" as Bytes, STAMP);
  second.put("b" as Bytes, STAMP, sha256("b"), LATER);
  second.save();
  const third = new HashIndex(file);
  assert.equal(third.get("a" as Bytes, STAMP), sha256("a"));
  assert.equal(third.get("b" as Bytes, STAMP), sha256("b"));
});

test("HashIndex takes a damaged file for an empty one", () => {
  using dir = temporary();
  const file = join(dir.path, "index");
  saved(file, (fresh) => fresh.put(path, STAMP, sha256("a"), LATER));
  const good = readFileSync(file);
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good);
    bad[at] = (bad[at] ?? 0) ^ 1;
    writeFileSync(file, bad);
    const found = new HashIndex(file).get(path, STAMP);
    // Four bytes of the header are not used.
    assert.ok(found === undefined || (at >= 12 && at < 16), `byte ${at}`);
  }
  for (const length of [0, 10, 16, 40, good.length - 1]) {
    writeFileSync(file, good.subarray(0, length));
    assert.equal(new HashIndex(file).get(path, STAMP), undefined, `${length} bytes`);
  }
});

test("a local context reads no unchanged file again, and every changed one", () => {
  using dir = temporary();
  using store = temporary();
  const file = join(dir.path, "f");
  const indexFile = join(store.path, "index");
  const hash = (): string => openLocalContext({ directory: dir.path, indexFile }).hash("f" as Bytes);
  writeFileSync(file, "one");
  const stats = lstatSync(file);
  // The digest of other bytes shows where the answer came from.
  saved(indexFile, (fresh) => fresh.put("f" as Bytes, stats, sha256("indexed"), stats.ctimeMs + 10_000));
  assert.equal(hash(), sha256("indexed"));
  writeFileSync(file, "two");
  utimesSync(file, stats.atimeMs / 1000 + 5, stats.mtimeMs / 1000 + 5);
  assert.equal(hash(), sha256("two"));
});
