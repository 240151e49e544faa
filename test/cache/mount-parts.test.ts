import assert from "node:assert/strict";
import { test } from "node:test";
import { unpackMount } from "../../builder/cache/mount-parts.ts";
import { bytesOf } from "../../builder/core/bytes.ts";
import type { Entry } from "../../builder/core/entry.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { TarWriter } from "../../builder/layers/tar-writer.ts";
import type { ApplyStream, Helper } from "../../runtime/types.ts";

const refuse = (): never => assert.fail("not expected to be called");

/** A helper that only remembers what it was told. */
function fakeHelper(): { helper: Helper; put: string[]; removed: string[] } {
  const put: string[] = [];
  const removed: string[] = [];
  const stream: ApplyStream = {
    entry: ({ path }) => void put.push(path),
    data: () => undefined,
    range: refuse,
    whiteout: refuse,
    opaque: refuse,
    drain: async () => undefined,
    end: async () => undefined,
    abort: async () => undefined,
  };
  const helper: Helper = {
    apply: () => stream,
    remove: async (paths) => void removed.push(...paths),
    run: refuse,
    runDetached: refuse,
    connect: refuse,
    diff: refuse,
    list: refuse,
    copy: refuse,
    sync: refuse,
    leave: refuse,
    fetch: refuse,
    look: refuse,
    put: refuse,
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { helper, put, removed };
}

async function* tar(entries: readonly Partial<Entry>[]): AsyncGenerator<Uint8Array> {
  const chunks: Buffer[] = [];
  const writer = new TarWriter((chunk) => chunks.push(Buffer.from(chunk)));
  for (const entry of entries) {
    const whole = {
      path: bytesOf("data"),
      type: "file",
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: 0,
      mtime: 0,
    } as const;
    writer.entry({ ...whole, ...entry });
  }
  writer.finish();
  yield Buffer.concat(chunks);
}

const ROOT: Partial<Entry> = { type: "directory", mode: 0o755 };
const FILE: Partial<Entry> = { path: bytesOf("data/a") };

test("the parts of a cache mount are one archive", async () => {
  const { helper, put } = fakeHelper();
  await unpackMount(helper, "/new", [tar([ROOT, FILE]), tar([{ path: bytesOf("data/b") }])]);
  assert.deepEqual(put, ["data", "data/a", "data/b"]);
});

test("a cache mount with files that lead out of it, or with devices, is refused and removed", async () => {
  const table: readonly (readonly Partial<Entry>[])[] = [
    [],
    [FILE],
    [{ type: "symlink", link: bytesOf("/etc") }],
    [ROOT, { type: "symlink", link: bytesOf("/etc") }],
    [ROOT, { path: bytesOf("other") }],
    [ROOT, { path: bytesOf("database") }],
    [ROOT, { path: bytesOf("data/x"), type: "hardlink", link: bytesOf("etc/shadow") }],
    [ROOT, { path: bytesOf("data/x"), type: "block", major: 8, minor: 0 }],
    [ROOT, { path: bytesOf("data/x"), type: "character", major: 1, minor: 1 }],
  ];
  for (const entries of table) {
    const { helper, removed } = fakeHelper();
    await assert.rejects(unpackMount(helper, "/new", [tar(entries)]), TsbuildError, JSON.stringify(entries));
    assert.deepEqual(removed, ["/new"]);
  }
});
