import assert from "node:assert/strict";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { openLocalContext, type LocalContext } from "../../builder/context/local.ts";
import { bytesOf, toFsPath, type Bytes } from "../../builder/core/bytes.ts";
import { sha256 } from "../../builder/core/digest.ts";
import type { Tree } from "../../builder/core/entry.ts";
import { TsbuildError } from "../../builder/core/errors.ts";

function directory(files: Readonly<Record<string, string>> = {}): { path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), "tsbuild-"));
  for (const [name, text] of Object.entries(files)) write(path, name, text);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

function write(root: string, name: string, text: string): void {
  mkdirSync(join(root, dirname(name)), { recursive: true });
  writeFileSync(join(root, name), text);
}

function open(path: string, dockerfilePath?: string): LocalContext {
  return openLocalContext({ directory: path, ...(dockerfilePath === undefined ? {} : { dockerfilePath }) });
}

/** Every path of a tree. */
function pathsOf(tree: Pick<Tree, "list" | "stat">, from = "" as Bytes): string[] {
  return tree.list(from).flatMap((name) => {
    const path = (from === "" ? name : `${from}/${name}`) as Bytes;
    return [path, ...(tree.stat(path)?.type === "directory" ? pathsOf(tree, path) : [])];
  });
}

test("a local context shows every file as root's, with whole seconds and all mode bits", () => {
  using dir = directory({ "a/f": "text" });
  chmodSync(join(dir.path, "a/f"), 0o4751);
  utimesSync(join(dir.path, "a/f"), 12.9, 12.9);
  assert.deepEqual(open(dir.path).stat("a/f" as Bytes), {
    path: "a/f",
    type: "file",
    mode: 0o4751,
    uid: 0,
    gid: 0,
    size: 4,
    mtime: 12,
  });
});

test("a local context does not follow symlinks, neither in the last component nor before it", () => {
  using dir = directory({ "real/f": "1" });
  symlinkSync("real", join(dir.path, "link"));
  const context = open(dir.path);
  assert.equal(context.stat("link" as Bytes)?.link, "real");
  assert.equal(context.stat("link/f" as Bytes), undefined);
  assert.deepEqual(context.list("link" as Bytes), []);
});

test("a local context may itself be named by a symlink", () => {
  using dir = directory({ "real/f": "1" });
  symlinkSync("real", join(dir.path, "link"));
  const context = open(join(dir.path, "link"));
  assert.deepEqual(context.list("" as Bytes), ["f"]);
  assert.equal(context.hash("f" as Bytes), sha256("1"));
});

test("names with newlines and bytes that are no UTF-8 are names like any other", () => {
  using dir = directory();
  const names = ["new\nline", "\xff\xfe", bytesOf("ä"), " ", "a\\b"].sort() as Bytes[];
  for (const name of names) writeFileSync(toFsPath(`${dir.path}/${name}`), name);
  const context = open(dir.path);
  assert.deepEqual(context.list("" as Bytes), names);
  for (const name of names) assert.equal(context.hash(name), sha256(name), name);
});

test("a socket is an empty file", async () => {
  using dir = directory();
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(join(dir.path, "s"), resolve);
  });
  const context = open(dir.path);
  assert.deepEqual([context.stat("s" as Bytes)?.type, context.stat("s" as Bytes)?.size], ["file", 0]);
  assert.equal(context.hash("s" as Bytes), sha256(""));
  assert.equal(context.content("s" as Bytes).kind, "bytes");
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

test("names of one file have one link id", () => {
  using dir = directory({ a: "1", c: "1" });
  linkSync(join(dir.path, "a"), join(dir.path, "b"));
  const context = open(dir.path);
  assert.equal(context.linkId("a" as Bytes), context.linkId("b" as Bytes));
  assert.notEqual(context.linkId("a" as Bytes), undefined);
  assert.equal(context.linkId("c" as Bytes), undefined);
});

test("ignored files are hidden from the tree and still read by name", () => {
  using dir = directory({
    ".dockerignore": "*\n!src\nsrc/*.o\n",
    Dockerfile: "FROM x",
    "src/a.c": "",
    "src/a.o": "",
  });
  const context = open(dir.path);
  assert.deepEqual(pathsOf(context), ["src", "src/a.c"]);
  assert.equal(context.stat("Dockerfile" as Bytes), undefined);
  assert.equal(context.readFile("Dockerfile")?.toString(), "FROM x");
  assert.equal(context.readFile("none"), undefined);
  assert.deepEqual(context.ignoredBy("src/a.o" as Bytes), {
    pattern: "src/*.o",
    file: ".dockerignore",
    line: 3,
  });
});

test("a hidden directory shows only where something in it is brought back", () => {
  using dir = directory({ ".dockerignore": "*\n!*/keep\n", "a/keep": "", "a/x": "", "b/x": "" });
  assert.deepEqual(pathsOf(open(dir.path)), ["a", "a/keep"]);
});

test("the ignore file of the Dockerfile wins over the context's, and .containerignore over .dockerignore", () => {
  using dir = directory({ ".dockerignore": "1", ".containerignore": "2", "sub/app.Dockerfile": "" });
  for (const name of ["1", "2", "3", "4", "5"]) write(dir.path, name, "");
  const hidden = (dockerfile?: string): string[] => {
    const shown = open(dir.path, dockerfile).list("" as Bytes);
    return ["1", "2", "3", "4", "5"].filter((name) => !shown.includes(name as Bytes));
  };
  const dockerfile = join(dir.path, "sub/app.Dockerfile");
  assert.deepEqual(hidden(), ["2"]);
  assert.deepEqual(hidden(dockerfile), ["2"]);
  write(dir.path, "sub/app.Dockerfile.dockerignore", "3");
  assert.deepEqual(hidden(dockerfile), ["3"]);
  write(dir.path, "sub/app.Dockerfile.containerignore", "4");
  assert.deepEqual(hidden(dockerfile), ["4"]);
  using elsewhere = directory({ "D.dockerignore": "5" });
  assert.deepEqual(hidden(join(elsewhere.path, "D")), ["5"]);
});

test("an ignore file that is a link out of the context is an error, one inside is read", () => {
  using outside = directory({ patterns: "secret" });
  using dir = directory({ secret: "", inside: "secret" });
  symlinkSync(join(outside.path, "patterns"), join(dir.path, ".dockerignore"));
  assert.throws(
    () => open(dir.path).list("" as Bytes),
    (error) => error instanceof TsbuildError && /no file in the context/.test(error.message),
  );
  rmSync(join(dir.path, ".dockerignore"));
  symlinkSync("/inside", join(dir.path, ".dockerignore"));
  assert.deepEqual(open(dir.path).list("" as Bytes), [".dockerignore", "inside"]);
});

test("a Dockerfile that is a link out of the context is not read", () => {
  using outside = directory({ secret: "s" });
  using dir = directory();
  symlinkSync(join(outside.path, "secret"), join(dir.path, "Dockerfile"));
  symlinkSync(outside.path, join(dir.path, "d"));
  assert.equal(open(dir.path).readFile("Dockerfile"), undefined);
  assert.equal(open(dir.path).readFile("d/secret"), undefined);
  assert.equal(open(dir.path).readFile("../../../etc/passwd"), undefined);
});

test("a directory that is swapped for a link after it was looked at is not read through", () => {
  using outside = directory({ f: "secret" });
  using dir = directory({ "d/f": "public" });
  const context = open(dir.path);
  assert.equal(context.stat("d/f" as Bytes)?.size, 6);
  rmSync(join(dir.path, "d"), { recursive: true });
  symlinkSync(outside.path, join(dir.path, "d"));
  assert.throws(() => context.hash("d/f" as Bytes), /was moved or replaced/);
});

test("a file that is swapped for a link or a directory is not read", () => {
  using outside = directory({ f: "secret" });
  using dir = directory({ f: "1", g: "1" });
  const context = open(dir.path);
  context.stat("f" as Bytes);
  context.stat("g" as Bytes);
  rmSync(join(dir.path, "f"));
  rmSync(join(dir.path, "g"));
  symlinkSync(join(outside.path, "f"), join(dir.path, "f"));
  mkdirSync(join(dir.path, "g"));
  assert.throws(() => context.hash("f" as Bytes), TsbuildError);
  assert.throws(() => context.hash("g" as Bytes), /not a regular file/);
});

test("changed() names a file that was written to after its digest was taken", () => {
  using dir = directory({ a: "1", b: "1" });
  const context = open(dir.path);
  context.hash("a" as Bytes);
  write(dir.path, "b", "2");
  assert.equal(context.changed(), undefined);
  write(dir.path, "a", "22");
  assert.equal(context.changed(), "a");
});

test("changed() names a file that was given away to be read and then written to", () => {
  using dir = directory({ "a/f": "one", "a/g": "two" });
  const context = open(dir.path);
  assert.deepEqual(context.list("a" as Bytes), ["f", "g"]);
  context.content("a/g" as Bytes);
  write(dir.path, "a/f", "longer");
  assert.equal(context.changed(), undefined);
  write(dir.path, "a/g", "longer");
  assert.equal(context.changed(), "a/g");
});

test("prehash() takes the digest that hash() gives", async () => {
  using dir = directory({ big: "x".repeat(3_000_000) });
  const context = open(dir.path);
  await context.prehash(["big" as Bytes]);
  assert.equal(context.hash("big" as Bytes), sha256("x".repeat(3_000_000)));
  await assert.doesNotReject(context.prehash(["none" as Bytes]));
});

test("a name that no file can have is not there, nor is it ignored", () => {
  using dir = directory({ f: "" });
  assert.equal(open(dir.path).stat("x".repeat(300) as Bytes), undefined);
  assert.equal(open(dir.path).stat("a\0b" as Bytes), undefined);
  assert.equal(open(dir.path).ignoredBy("none" as Bytes), undefined);
});

test("openLocalContext() fails for what is no directory", () => {
  using dir = directory({ f: "" });
  assert.throws(() => open(join(dir.path, "f")), /it is not a directory/);
  assert.throws(() => open(join(dir.path, "none")), /it does not exist/);
  assert.throws(() => open(`${dir.path}/${"x".repeat(300)}`), TsbuildError);
});

test("a walk that leaves out hidden directories finds what a full walk, filtered, finds", () => {
  using dir = directory();
  for (const a of ["a", "b"])
    for (const b of ["a", "b", "c"]) for (const c of ["a", "b"]) write(dir.path, `${a}/${b}/${c}`, "");
  using elsewhere = directory({ D: "" });
  const full = pathsOf(open(dir.path));
  const part = fc.constantFrom("a", "b", "c", "*", "**", "?");
  const pattern = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
  const line = fc.tuple(fc.boolean(), pattern).map(([negated, text]) => (negated ? `!${text}` : text));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
      write(elsewhere.path, "D.dockerignore", lines.join("\n"));
      const context = open(dir.path, join(elsewhere.path, "D"));
      const kept = full.filter((path) => context.ignoredBy(path as Bytes) === undefined);
      const withParents = full.filter((path) =>
        kept.some((name) => name === path || name.startsWith(`${path}/`)),
      );
      assert.deepEqual(pathsOf(context), withParents);
    }),
    { numRuns: 200 },
  );
});
