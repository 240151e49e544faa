import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bytesOf } from "../../builder/core/bytes.ts";
import type { Entry } from "../../builder/core/entry.ts";
import { readFileOf } from "../../builder/containers/container-file.ts";
import { WithoutStubs } from "../../builder/containers/without-stubs.ts";

test("readFileOf() reads what a container wrote, follows nothing, and waits for nothing", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const fs = join(directory, "fs");
  const secret = join(directory, "secret");
  writeFileSync(secret, "of the host");
  mkdirSync(join(fs, "etc"), { recursive: true });
  writeFileSync(join(fs, "etc/own"), "its own");
  symlinkSync(secret, join(fs, "etc/link"));
  mkdirSync(join(fs, "etc/directory"));
  symlinkSync(directory, join(fs, "away"));
  assert.equal(spawnSync("mkfifo", [join(fs, "etc/pipe")]).status, 0);
  const look = (path: string): string | undefined =>
    readFileOf({ directory }, path, () => Buffer.from("the image's"))?.toString();
  assert.equal(look("/etc/own"), "its own");
  assert.equal(look("/etc/other"), "the image's");
  assert.equal(look("/opt/other"), "the image's");
  for (const path of ["/etc/link", "/etc/directory", "/etc/pipe", "/away/secret", "/etc/own/below"])
    assert.equal(look(path), undefined, path);
});

test("WithoutStubs leaves out what was made for mounts, and nothing else", () => {
  const seen: string[] = [];
  const visit = {
    entry: ({ path }: Entry) => void seen.push(path),
    data: (chunk: Buffer) => void seen.push(`data ${chunk.toString()}`),
    whiteout: (path: string) => void seen.push(`gone ${path}`),
    opaque: (path: string) => void seen.push(`opaque ${path}`),
  };
  const below = new Set(["etc"].map(bytesOf));
  const filter = new WithoutStubs(
    visit,
    ["/proc", "/etc/hosts", "/data/deep/dir", "/opt/x/y", "/etc/real", "//srv//a/"],
    (path) => below.has(path),
  );
  const put = (type: Entry["type"], path: string, size = 0): void =>
    filter.entry({ path: bytesOf(path), type, mode: 0o755, uid: 0, gid: 0, size, mtime: 0 });
  put("directory", "");
  put("directory", "data");
  put("directory", "data/deep");
  put("directory", "data/deep/dir");
  put("directory", "etc");
  put("file", "etc/hosts");
  put("file", "etc/real", 4);
  filter.data(Buffer.from("text"));
  put("directory", "opt");
  put("directory", "opt/x");
  put("file", "opt/own");
  filter.whiteout(bytesOf("opt/z"));
  put("directory", "proc");
  put("directory", "srv");
  filter.whiteout(bytesOf("srv/gone"));
  put("directory", "work");
  assert.deepEqual(seen, [
    "",
    "etc",
    "etc/real",
    "data text",
    "opt",
    "opt/own",
    "gone opt/z",
    "srv",
    "gone srv/gone",
    "work",
  ]);
});
