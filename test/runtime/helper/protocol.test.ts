import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Bytes } from "../../../builder/core/bytes.ts";
import type { Entry } from "../../../builder/core/entry.ts";
import { getEntry, putEntry } from "../../../runtime/helper/encode.ts";
import {
  ENTRY_TYPES,
  FAILURES,
  FETCH,
  FLAG,
  FRAME,
  FRAME_HEADER,
  FRAME_MAX,
  MOUNT_TYPES,
  PLAN,
  RESTARTS,
  ROOT,
} from "../../../runtime/helper/protocol.ts";
import { FrameParser, FrameReader } from "../../../runtime/helper/reader.ts";
import { FrameWriter } from "../../../runtime/helper/writer.ts";
import { projectRoot } from "../../support/project.ts";

function headerNumbers(prefix: string): Record<string, number> {
  const header = readFileSync(join(projectRoot, "native/protocol.h"), "utf8");
  const found = header.matchAll(new RegExp(`\\b${prefix}_([A-Z0-9_]+) = (\\d+)`, "g"));
  return Object.fromEntries([...found].map((match) => [match[1] ?? "", Number(match[2])]));
}

function numbered(names: readonly (string | undefined)[]): Record<string, number> {
  return Object.fromEntries(
    names.map((name, index) => [(name ?? "none").toUpperCase().replace("-", "_"), index]),
  );
}

test("protocol.ts has the numbers of protocol.h", () => {
  const { HEADER, MAX: _, ...frames } = headerNumbers("FRAME");
  assert.deepEqual(frames, { ...FRAME });
  assert.equal(HEADER, FRAME_HEADER);
  assert.match(
    readFileSync(join(projectRoot, "native/protocol.h"), "utf8"),
    /FRAME_MAX = 16 \* 1024 \* 1024/,
  );
  assert.equal(FRAME_MAX, 16 * 1024 * 1024);
  assert.deepEqual(headerNumbers("ROOT"), { ...ROOT });
  assert.deepEqual(headerNumbers("ENTRY"), numbered(ENTRY_TYPES));
  assert.deepEqual(headerNumbers("MOUNT"), numbered(MOUNT_TYPES));
  assert.deepEqual(headerNumbers("FLAG"), { ...FLAG });
  assert.deepEqual(headerNumbers("PLAN"), { ...PLAN });
  assert.deepEqual(headerNumbers("FETCH"), { ...FETCH });
  assert.deepEqual(headerNumbers("FAILURE"), numbered(FAILURES));
  assert.deepEqual(headerNumbers("RESTART"), numbered(RESTARTS));
});

test("README.md documents every frame with its number", () => {
  const readme = readFileSync(join(projectRoot, "native/README.md"), "utf8");
  const rows = [...readme.matchAll(/^\| (\d+) \| ([A-Z]+) \|/gm)];
  assert.deepEqual(Object.fromEntries(rows.map((row) => [row[2] ?? "", Number(row[1])])), { ...FRAME });
});

test("an entry comes back as it was put, however the bytes are cut", () => {
  const entries: Entry[] = [
    {
      path: "\xff/\x01" as Bytes,
      type: "file",
      mode: 0o4755,
      uid: 2 ** 32 - 2,
      gid: 7,
      size: 2 ** 40 + 1,
      mtime: -(2 ** 33) - 1,
    },
    {
      path: "l" as Bytes,
      type: "symlink",
      mode: 0o777,
      uid: 0,
      gid: 0,
      size: 0,
      mtime: 2 ** 34,
      link: "\xfe" as Bytes,
    },
    {
      path: "d" as Bytes,
      type: "block",
      mode: 0,
      uid: 0,
      gid: 0,
      size: 0,
      mtime: 0,
      major: 259,
      minor: 70000,
    },
    {
      path: "c" as Bytes,
      type: "file",
      mode: 0,
      uid: 0,
      gid: 0,
      size: 0,
      mtime: -1,
      xattrs: { "security.capability": "\0\xff" as Bytes },
    },
  ];
  const writer = new FrameWriter(8);
  for (const entry of entries) putEntry(writer, entry);
  writer.begin(FRAME.DATA).raw(Buffer.from("bytes")).end();
  const wire = writer.take();
  for (const cut of [1, 2, 7, 64, wire.length]) {
    const got: Entry[] = [];
    let data = "";
    const parser = new FrameParser((type, payload) => {
      if (type === FRAME.DATA) data += payload.toString();
      else got.push(getEntry(new FrameReader(payload)));
    });
    for (let at = 0; at < wire.length; at += cut) parser.push(wire.subarray(at, at + cut));
    assert.deepEqual(got, entries);
    assert.equal(data, "bytes");
  }
});
