import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalJson } from "../../../builder/core/json.ts";
import { copyContent } from "../../../builder/ops/copy/content.ts";
import type { MemoryFile } from "../../support/memory-tree.ts";
import { opOf, sourcesOf, type CopyCase } from "./copying.ts";

async function keyOf(options: Omit<CopyCase, "dest">): Promise<string> {
  const whole = { ...options, dest: "/d/" };
  return canonicalJson(await copyContent(opOf(whole), sourcesOf(whole), () => {}));
}

const BASE: Readonly<Record<string, MemoryFile>> = {
  "s/a": "1",
  "s/t/b": "2",
  "s/l": { link: "a" },
  other: "3",
};

/** What of a tree is part of a COPY's key, and what is not (BuildKit cache/contenthash). */
const CHANGES: readonly (readonly [
  what: string,
  files: Readonly<Record<string, MemoryFile>>,
  differs: boolean,
])[] = [
  ["bytes", { "s/a": "x" }, true],
  ["mode of a file", { "s/a": { data: "1", mode: 0o755 } }, true],
  ["mode of a directory", { "s/t/": { mode: 0o700 } }, true],
  ["target of a symlink", { "s/l": { link: "b" } }, true],
  ["a new file", { "s/new": "" }, true],
  ["a new directory", { "s/new/": {} }, true],
  ["an attribute", { "s/a": { data: "1", xattrs: { "security.capability": "x" as never } } }, true],
  ["a device number", { "s/a": { type: "character", major: 1, minor: 2 } }, true],
  ["time", { "s/a": { data: "1", mtime: 5 }, "s/t/": { mtime: 5 } }, false],
  ["owner in a context", { "s/a": { data: "1", uid: 5 } }, false],
  ["mode and owner of the directory whose contents are copied", { "s/": { mode: 0o700, uid: 5 } }, false],
  ["what is not copied", { other: "x", new: "" }, false],
];

for (const [what, files, differs] of CHANGES) {
  test(`copyContent() ${differs ? "changes" : "stays"} with ${what}`, async () => {
    const before = await keyOf({ from: BASE, sources: ["s"] });
    const after = await keyOf({ from: { ...BASE, ...files }, sources: ["s"] });
    assert.equal(before !== after, differs);
  });
}

test("copyContent() stays when a directory has moved, and changes with a file's name", async () => {
  assert.equal(
    await keyOf({ from: { "a/s/f": "1" }, sources: ["a/s"] }),
    await keyOf({ from: { "b/f": "1" }, sources: ["b"] }),
  );
  assert.equal(
    await keyOf({ from: { "x/f": "1" }, sources: ["x/f"] }),
    await keyOf({ from: { f: "1" }, sources: ["f"] }),
  );
  assert.notEqual(
    await keyOf({ from: { f: "1" }, sources: ["f"] }),
    await keyOf({ from: { g: "1" }, sources: ["g"] }),
  );
});

test("copyContent() has no mode where --chmod is octal, and has it where it is symbolic", async () => {
  const plain = { f: { data: "1", mode: 0o644 } };
  const other = { f: { data: "1", mode: 0o600 } };
  const key = (from: typeof plain, chmod: string): Promise<string> => keyOf({ from, sources: ["f"], chmod });
  assert.equal(await key(plain, "755"), await key(other, "755"));
  assert.notEqual(await key(plain, "u+x"), await key(other, "u+x"));
});

test("copyContent() has owners where they are kept", async () => {
  const root = { f: { data: "1" } };
  const user = { f: { data: "1", uid: 5 } };
  assert.notEqual(
    await keyOf({ from: root, sources: ["f"], keepOwner: true }),
    await keyOf({ from: user, sources: ["f"], keepOwner: true }),
  );
  assert.equal(
    await keyOf({ from: root, sources: ["f"], keepOwner: true, chown: "1" }),
    await keyOf({ from: user, sources: ["f"], keepOwner: true, chown: "1" }),
  );
});

test("copyContent() takes a hard link for its content", async () => {
  assert.equal(
    await keyOf({ from: { "s/a": "1", "s/b": "1" }, sources: ["s"] }),
    await keyOf({ from: { "s/a": "1", "s/b": { type: "hardlink", link: "s/a", size: 0 } }, sources: ["s"] }),
  );
});

test("copyContent() leaves out what --exclude and --parents leave out", async () => {
  const changed = { ...BASE, "s/t/b": "x" };
  assert.equal(
    await keyOf({ from: BASE, sources: ["s"], exclude: ["t"] }),
    await keyOf({ from: changed, sources: ["s"], exclude: ["t"] }),
  );
  assert.equal(
    await keyOf({ from: BASE, sources: ["s/a"], parents: true }),
    await keyOf({ from: changed, sources: ["s/a"], parents: true }),
  );
});

test("copyContent() is not fooled by names that look like other fields", async () => {
  assert.notEqual(
    await keyOf({ from: { "s/a1:b": "" }, sources: ["s"] }),
    await keyOf({ from: { "s/a": "", "s/b": "" }, sources: ["s"] }),
  );
});

test("copyContent() has the text of a heredoc", async () => {
  assert.notEqual(await heredoc("a"), await heredoc("b"));
});

function heredoc(data: string): Promise<string> {
  return keyOf({ from: {}, sources: [{ from: "inline", name: "EOF", data }] });
}
