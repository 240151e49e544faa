import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bytesOf, type Bytes } from "../../builder/core/bytes.ts";
import { sha256, type Digest } from "../../builder/core/digest.ts";
import { openLocalContext } from "../../builder/context/local.ts";
import { Scan, ScanFile } from "../../builder/context/scan.ts";
import { copyContent } from "../../builder/ops/copy/content.ts";
import { opOf } from "../ops/copy/copying.ts";

function temporary(): { path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), "tsbuild-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const name = bytesOf("a") as Bytes;

function digestOf(kind: "file" | "directory", numbers: readonly number[], purpose = ""): Digest {
  const scan = new Scan(purpose);
  scan.add(name, kind, new Float64Array(numbers));
  return scan.digest();
}

function racy(kind: "file" | "directory", mtime: number, ctime: number): boolean {
  const scan = new Scan("");
  scan.add(name, kind, new Float64Array([1, mtime, ctime, 4, 5, 6]));
  return scan.racy;
}

test("a scan is another when any number of a file is, or what it is for", () => {
  const numbers = [1, 2, 3, 4, 5, 6];
  const all = numbers.map((_, at) => digestOf("file", numbers.with(at, 9)));
  const others = [digestOf("file", numbers), digestOf("file", numbers, "x"), digestOf("directory", numbers)];
  assert.equal(new Set([...all, ...others]).size, 9);
});

test("a scan does not look at a directory's times", () => {
  assert.equal(digestOf("directory", [1, 2, 3, 4, 5, 6]), digestOf("directory", [7, 8, 9, 4, 5, 6]));
});

test("a scan of a file that was just written is racy", () => {
  const old = Date.now() - 10_000.5;
  assert.equal(racy("file", old, old), false);
  assert.equal(racy("file", old, Date.now()), true);
  assert.equal(racy("file", Date.now(), old), true);
  assert.equal(racy("directory", Date.now(), Date.now()), false);
});

test("ScanFile keeps the newest, and takes a damaged file for an empty one", () => {
  using directory = temporary();
  const path = join(directory.path, "scans");
  const file = new ScanFile(path);
  for (let count = 0; count < 100; count++) file.put(sha256(`${count}`), sha256(`content ${count}`));
  file.save();
  assert.equal(new ScanFile(path).get(sha256("99")), sha256("content 99"));
  assert.equal(new ScanFile(path).get(sha256("0")), undefined);
  writeFileSync(path, `${sha256("99")} ../../etc\n\0`);
  assert.equal(new ScanFile(path).get(sha256("99")), undefined);
});

test("a COPY's content comes from an equal scan, and from the files after any change that counts", async () => {
  using directory = temporary();
  const at = (path: string): string => join(directory.path, path);
  mkdirSync(at("s/d"), { recursive: true });
  for (const path of ["s/f", "s/d/g", "s/hidden", "other"]) writeFileSync(at(path), path);
  writeFileSync(at(".dockerignore"), "s/hidden\n");
  const known = new Map<Digest, Digest>();
  const op = opOf({ from: {}, sources: ["s"], dest: "/d/" });
  /** Whether the content was known, and what it is. */
  const look = async (): Promise<readonly [boolean, string]> => {
    const context = openLocalContext({ directory: directory.path });
    const before = known.size;
    const content = await copyContent(
      op,
      [
        {
          tree: context,
          keepOwner: false,
          scans: {
            identity: context.scans.identity,
            addAll: context.scans.addAll,
            get: (scan) => known.get(scan),
            put: (scan, digest) => void known.set(scan.digest(), digest),
          },
        },
      ],
      () => {},
    );
    const plain = await copyContent(op, [{ tree: context, keepOwner: false }], () => {});
    assert.deepEqual(content, plain);
    return [known.size === before, JSON.stringify(content)];
  };
  const [isKnown, first] = await look();
  assert.equal(isKnown, false);
  assert.deepEqual(await look(), [true, first]);
  for (const path of ["s/hidden", "s/hidden2", "other"]) writeFileSync(at(path), "changed");
  writeFileSync(at(".dockerignore"), "s/hidden*\n");
  assert.deepEqual(await look(), [true, first]);
  const changes = [
    () => writeFileSync(at("s/f"), "longer than before"),
    () => chmodSync(at("s/d"), 0o711),
    () => renameSync(at("s/d/g"), at("s/d/h")),
    () => writeFileSync(at(".dockerignore"), ""),
    () => rmSync(at("s/d/h")),
  ];
  for (const change of changes) {
    change();
    assert.equal((await look())[0], false, String(change));
  }
});
