import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bytesOf, type Bytes } from "../../builder/core/bytes.ts";
import { hexOf, sha256 } from "../../builder/core/digest.ts";
import type { Entry } from "../../builder/core/entry.ts";
import {
  describeItem,
  keepContentList,
  parseContentList,
  readContentList,
} from "../../builder/context/content-list.ts";
import { openStore } from "../../builder/store/open.ts";

const root = mkdtempSync(join(tmpdir(), "tsbuild-"));
after(() => rmSync(root, { recursive: true }));
const store = openStore({ root, env: {} });

const PLAIN: Entry = { path: bytesOf("x"), type: "file", mode: 0o4755, uid: 3, gid: 4, size: 12, mtime: 9 };
const DIGEST = sha256("x");
const ALL = { mode: true, owner: true };

const text = [
  `${describeItem(bytesOf("a 1:b\n"), PLAIN, ALL, false)}${DIGEST}`,
  describeItem(bytesOf("d"), { ...PLAIN, type: "directory", size: 0 }, ALL, true),
  describeItem(
    bytesOf("d/l"),
    { ...PLAIN, type: "symlink", size: 0, link: bytesOf("../ä:1") as Bytes },
    { mode: true, owner: false },
    false,
  ),
  describeItem(
    bytesOf("n"),
    { ...PLAIN, type: "character", size: 0, major: 1, minor: 3, xattrs: { u: bytesOf("v") as Bytes } },
    { mode: false, owner: false },
    false,
  ),
].join("");

test("parseContentList() gives back what describeItem() wrote", () => {
  const none = { device: undefined, link: "", xattrs: "", digest: undefined, owner: undefined };
  assert.deepEqual(parseContentList(text), [
    { ...none, path: "a 1:b\n", type: "file", mode: 0o4755, owner: "3:4", size: 12, digest: DIGEST },
    { ...none, path: "d", type: "parent", mode: 0o4755, owner: "3:4", size: 0 },
    { ...none, path: "d/l", type: "symlink", mode: undefined, size: 0, link: bytesOf("../ä:1") },
    { ...none, path: "n", type: "character", mode: undefined, size: 0, device: "1:3", xattrs: "1:u1:v" },
  ]);
});

test("parseContentList() refuses every text that was cut short", () => {
  const starts = new Set<number>([0]);
  for (let end = 0; end < text.length; end++) {
    const items = parseContentList(text.slice(0, end));
    if (items !== undefined) starts.add(items.length);
  }
  assert.deepEqual([...starts], [0, 1, 2, 3]);
});

test("readContentList() finds a list that was kept, and none that is torn", () => {
  const digest = sha256(Buffer.from(text, "latin1"));
  keepContentList(store, digest, [
    Buffer.from(text.slice(0, 7), "latin1"),
    Buffer.from(text.slice(7), "latin1"),
  ]);
  assert.equal(readContentList(store, digest)?.length, 4);
  writeFileSync(join(root, "contents", hexOf(digest)), text.slice(0, 50), "latin1");
  assert.equal(readContentList(store, digest), undefined);
  assert.equal(readContentList(store, sha256("other")), undefined);
  assert.deepEqual(readdirSync(join(root, "contents")), [hexOf(digest)]);
});
