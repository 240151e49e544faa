import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf } from "../../builder/core/bytes.ts";
import type { Entry } from "../../builder/core/entry.ts";
import { alignLayers } from "../../builder/compare/align.ts";
import { causeOfField, causeOfFile, LoneNames } from "../../builder/compare/causes.ts";
import { firstDifference, readPart } from "../../builder/compare/contents.ts";
import type { FileDifference, LayerRef } from "../../builder/compare/types.ts";
import type { Content } from "../../builder/core/entry.ts";
import type { DiffId } from "../../builder/core/digest.ts";
import { sha256 } from "../../builder/core/digest.ts";

const content = (text: string): Content => ({ kind: "bytes", data: Buffer.from(text) });
const entry = (path: string): Entry => ({
  path: bytesOf(path),
  type: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 1,
  mtime: 0,
});

function causeOf(path: string, a: string, b: string): string | undefined {
  const file: FileDifference = {
    change: "changed",
    path: bytesOf(path),
    aspects: ["content"],
    a: entry(path),
    b: entry(path),
  };
  const contents = { a: content(a), b: content(b) };
  const at = firstDifference(contents.a, contents.b) ?? 0;
  return causeOfFile(file, { ...contents, at }, new LoneNames([file]))?.id;
}

const differing = (
  change: FileDifference["change"],
  path: string,
  ...aspects: FileDifference["aspects"]
) => ({
  change,
  path: bytesOf(path),
  aspects,
});

const layers = (...names: readonly string[]): LayerRef[] =>
  names.map((name, index) => ({
    number: index + 1,
    diffId: sha256(name) as DiffId,
    createdBy: name.replace(/\d$/, ""),
  }));

const paired = (a: readonly string[], b: readonly string[]) =>
  alignLayers(layers(...a), layers(...b)).map((pair) => [pair.a?.number, pair.b?.number]);

test("causeOfFile() names what the place where two files differ looks like", () => {
  const table: readonly (readonly [cause: string | undefined, path: string, a: string, b: string])[] = [
    ["date", "f", "built 2026-01-02T03:04:05Z.", "built 2026-01-02T03:04:06Z."],
    ["date", "f", "built 2026-01-02", "built 2026-01-03"],
    ["date", "f", "Fri Jan  2 03:04:05 UTC 2026", "Fri Jan  2 03:04:09 UTC 2026"],
    ["time-of-day", "f", "at 03:04:05 o'clock", "at 03:04:06 o'clock"],
    ["unix-time", "f", '{"t":1700000000}', '{"t":1700000009}'],
    ["unix-time", "f", '{"t":1700000000123}', '{"t":1700000000124}'],
    ["random-id", "f", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "f81d4fae-7dec-11d0-a765-00a0c91e6bf7"],
    ["random-hex", "f", `x ${"0".repeat(31)}a`, `x ${"0".repeat(31)}b`],
    ["order", "f", "b\na\nc\n", "a\nb\nc\n"],
    ["program", "usr/bin/f", "\x7fELF abc", "\x7fELF abd"],
    ["python-bytecode", "usr/lib/python3/a.pyc", "x", "y"],
    ["ldconfig", "var/cache/ldconfig/aux-cache", "x", "y"],
    ["log", "var/log/dpkg.log", "x", "y"],
    ["package-lists", "var/lib/apt/lists/deb.example.org_dists", "x", "y"],
    ["random-identity", "etc/machine-id", "a\n", "b\n"],
    [undefined, "f", "version 1", "version 2"],
    [undefined, "etc/dates", "built 2026-01-02: yes", "built 2026-01-02: no!"],
  ];
  for (const [cause, path, a, b] of table) assert.equal(causeOf(path, a, b), cause, `${path}: ${a}`);
});

test("causeOfFile() tells what differs but the bytes", () => {
  const files = [
    differing("changed", "a", "time"),
    differing("changed", "b", "mode", "time"),
    differing("changed", "c", "owner"),
    differing("added", "opt/build-8f3a2b1c9d"),
    differing("removed", "opt/build-1122aabbcc"),
    differing("added", "opt/other"),
  ];
  const names = new LoneNames(files);
  assert.deepEqual(
    files.map((file) => causeOfFile(file, undefined, names)?.id),
    ["time", "mode", "owner", "name", "name", undefined],
  );
});

test("causeOfField() knows times", () => {
  assert.equal(causeOfField({ field: "created", a: "x", b: "y" })?.id, "time");
  assert.equal(causeOfField({ field: "config.Labels.at", a: "2026-01-02", b: "2026-01-03" })?.id, "date");
  assert.equal(causeOfField({ field: "config.Cmd", a: ["x"], b: ["y"] }), undefined);
});

test("firstDifference() finds the first byte, over the borders of what it reads at a time", () => {
  const long = "x".repeat(600_000);
  assert.equal(firstDifference(content(long), content(long)), undefined);
  for (const at of [0, 262_143, 262_144, 599_999]) {
    const other = `${long.slice(0, at)}y${long.slice(at + 1)}`;
    assert.equal(firstDifference(content(long), content(other)), at);
    assert.equal(readPart(content(other), at, 4).toString(), `yxxx`.slice(0, 600_000 - at));
  }
  assert.equal(firstDifference(content("ab"), content("abc")), 2);
});

test("alignLayers() pairs layers of one instruction, and leaves out those that are the same", () => {
  assert.deepEqual(paired(["base", "copy1", "run1"], ["base", "copy2", "run1"]), [[2, 2]]);
  assert.deepEqual(paired(["base", "copy1", "run1"], ["base", "copy2", "new", "run2"]), [
    [2, 2],
    [undefined, 3],
    [3, 4],
  ]);
  assert.deepEqual(paired(["base", "gone", "run1"], ["base", "run1"]), [[2, undefined]]);
});
