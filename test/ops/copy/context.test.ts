import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openLocalContext } from "../../../builder/context/local.ts";
import { toFsPath, type Bytes } from "../../../builder/core/bytes.ts";
import { TsbuildError } from "../../../builder/core/errors.ts";
import { copied, copiedLines, NOW } from "./copying.ts";

interface Folder extends Disposable {
  readonly path: string;
}

function folder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "tsbuild-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

test("a source of a context that leads out of it is not there, alone or below a directory (GHSA-49p4-px3h-rq49)", async () => {
  using outside = folder();
  using dir = folder();
  writeFileSync(join(outside.path, "secret"), "s");
  symlinkSync(join(outside.path, "secret"), join(dir.path, "file"));
  symlinkSync(outside.path, join(dir.path, "directory"));
  symlinkSync("../".repeat(40) + outside.path.slice(1), join(dir.path, "relative"));
  const from = openLocalContext({ directory: dir.path });
  for (const source of [
    "file",
    "directory",
    "directory/secret",
    "relative/secret",
    "fil*",
    `../${outside.path}/secret`,
  ]) {
    await assert.rejects(
      copied({ from, sources: [source], dest: "/" }),
      (error) => error instanceof TsbuildError && error.code === "COPY_SOURCE_NOT_FOUND",
      source,
    );
  }
  assert.deepEqual(
    (await copiedLines({ from, sources: ["directory*/*"], dest: "/d/" })).length,
    0,
    "a pattern does not look below a link",
  );
});

test("links in a directory of a context are copied as links, wherever they lead", async () => {
  using dir = folder();
  mkdirSync(join(dir.path, "s"));
  symlinkSync("/etc/passwd", join(dir.path, "s/l"));
  utimesSync(join(dir.path, "s"), 5, 5);
  const editor = await copied({
    from: openLocalContext({ directory: dir.path }),
    sources: ["s"],
    dest: "/d",
  });
  assert.deepEqual(
    [editor.stat("d/l" as Bytes)?.type, editor.stat("d/l" as Bytes)?.link],
    ["symlink", "/etc/passwd"],
  );
  assert.equal(editor.stat("d" as Bytes)?.mtime, 5);
});

test("names of one file of a context are hard links in the layer, where both are copied", async () => {
  using dir = folder();
  writeFileSync(join(dir.path, "b"), "1");
  linkSync(join(dir.path, "b"), join(dir.path, "a"));
  const from = openLocalContext({ directory: dir.path });
  const both = await copied({ from, sources: ["."], dest: "/" });
  assert.deepEqual([both.stat("a" as Bytes)?.type, both.stat("b" as Bytes)?.link], ["file", "a"]);
  const one = await copied({ from, sources: ["b"], dest: "/" });
  assert.equal(one.stat("b" as Bytes)?.type, "file");
});

test("names of any bytes are copied", async () => {
  using dir = folder();
  const names = ["a\nb", "\xff", "\xc3\xa4"] as Bytes[];
  for (const name of names) writeFileSync(toFsPath(`${dir.path}/${name}`), "");
  const from = openLocalContext({ directory: dir.path });
  const editor = await copied({ from, sources: ["?*", "ä"], dest: "/d/" });
  assert.deepEqual(editor.list("d" as Bytes), names.toSorted());
  assert.equal(editor.stat("d" as Bytes)?.mtime, NOW);
});

test("what an ignore file hides is not copied, and an error names the line", async () => {
  using dir = folder();
  for (const name of ["keep", "hide"]) writeFileSync(join(dir.path, name), "");
  writeFileSync(join(dir.path, ".dockerignore"), "# comment\nhide\n.docker*\n");
  const from = openLocalContext({ directory: dir.path });
  const editor = await copied({ from, sources: ["."], dest: "/d" });
  assert.deepEqual(editor.list("d" as Bytes), ["keep"]);
  const describeMissing = (path: Bytes): string | undefined => {
    const rule = from.ignoredBy(path);
    return rule && `${rule.file}:${rule.line} (${rule.pattern})`;
  };
  await assert.rejects(
    copied({ from, sources: ["hide"], dest: "/", describeMissing }),
    (error) => error instanceof TsbuildError && error.hint === ".dockerignore:2 (hide)",
  );
});
