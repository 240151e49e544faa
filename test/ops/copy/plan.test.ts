import assert from "node:assert/strict";
import { test } from "node:test";
import { copiedLines, NOW, type CopyCase } from "./copying.ts";

/** Names are of rules in BuildKit's fsutil/copy/copy.go and file/backend.go. */
const CASES: Readonly<Record<string, CopyCase & { readonly gives: readonly string[] }>> = {
  "a file becomes the destination": {
    from: { a: "1" },
    sources: ["a"],
    dest: "/b",
    gives: ['b file 644 0:0 "1"'],
  },
  "a file goes into a destination that ends in a slash": {
    from: { "x/a": "1" },
    sources: ["x/a"],
    dest: "/d/e/",
    gives: [`d directory 755 0:0 @${NOW}`, `d/e directory 755 0:0 @${NOW}`, 'd/e/a file 644 0:0 "1"'],
  },
  "a file goes into a destination that ends in a slash and a dot": {
    from: { a: "1" },
    sources: ["a"],
    dest: "/d/.",
    gives: [`d directory 755 0:0 @${NOW}`, 'd/a file 644 0:0 "1"'],
  },
  "a file goes into a directory that is there": {
    into: { "d/": { mode: 0o700 } },
    from: { a: "1" },
    sources: ["a"],
    dest: "/d",
    gives: ["d directory 700 0:0", 'd/a file 644 0:0 "1"'],
  },
  "of a directory the contents are copied, a new one takes its time and not its mode": {
    from: { "s/": { mode: 0o700, mtime: 7 }, "s/a": "1", "s/t/": { mode: 0o711, mtime: 8 } },
    sources: ["s"],
    dest: "/d",
    gives: ["d directory 755 0:0 @7", 'd/a file 644 0:0 "1"', "d/t directory 711 0:0 @8"],
  },
  "a destination that is there keeps mode and owner and takes the time": {
    into: { "d/": { mode: 0o1777, uid: 5, gid: 6 } },
    from: { "s/": { mode: 0o700, mtime: 7 }, "s/a": "1" },
    sources: ["s/"],
    dest: "/d",
    gives: ["d directory 1777 5:6 @7", 'd/a file 644 0:0 "1"'],
  },
  "directories below the destination become as their source": {
    into: { "d/t/": { mode: 0o700, uid: 5 }, "d/t/old": "0" },
    from: { "s/t/": { mode: 0o711, mtime: 8 }, "s/t/new": "1" },
    sources: ["s"],
    dest: "/d",
    gives: [
      "d directory 755 0:0",
      "d/t directory 711 0:0 @8",
      'd/t/new file 644 0:0 "1"',
      'd/t/old file 644 0:0 "0"',
    ],
  },
  "later sources overwrite earlier ones": {
    from: { "a/x": "1", "b/x": "2" },
    sources: ["a/x", "b/x"],
    dest: "/x",
    gives: ['x file 644 0:0 "2"'],
  },
  "the root is a destination": {
    from: { "s/a": "1" },
    sources: ["s"],
    dest: "/",
    gives: ['a file 644 0:0 "1"'],
  },
  "the whole context is a source": {
    from: { "s/a": "1", b: "2" },
    sources: ["."],
    dest: "/",
    gives: ['b file 644 0:0 "2"', "s directory 755 0:0", 's/a file 644 0:0 "1"'],
  },
  "symlinks in the destination are followed inside the root": {
    into: { "usr/lib/": {}, lib: { link: "/usr/lib" }, out: { link: "../../../etc" }, "etc/": {} },
    from: { a: "1" },
    sources: ["a"],
    dest: "/lib/x/",
    gives: [
      "etc directory 755 0:0",
      "lib symlink 777 0:0 -> /usr/lib",
      "out symlink 777 0:0 -> ../../../etc",
      "usr directory 755 0:0",
      "usr/lib directory 755 0:0",
      `usr/lib/x directory 755 0:0 @${NOW}`,
      'usr/lib/x/a file 644 0:0 "1"',
    ],
  },
  "a destination that is a dangling symlink is made where it leads": {
    into: { link: { link: "gone/there" } },
    from: { a: "1" },
    sources: ["a"],
    dest: "/link",
    gives: [
      `gone directory 755 0:0 @${NOW}`,
      'gone/there file 644 0:0 "1"',
      "link symlink 777 0:0 -> gone/there",
    ],
  },
  "a symlink inside the destination is replaced, never written through": {
    into: { "d/a": { link: "/etc/passwd" }, "etc/passwd": "root" },
    from: { "s/a": "1" },
    sources: ["s"],
    dest: "/d",
    gives: [
      "d directory 755 0:0",
      'd/a file 644 0:0 "1"',
      "etc directory 755 0:0",
      'etc/passwd file 644 0:0 "root"',
    ],
  },
  "a source that is a symlink is followed, one inside a directory is not": {
    from: { real: "1", link: { link: "real" }, "s/l": { link: "../real" } },
    sources: ["link", "s"],
    dest: "/d/",
    gives: ["d directory 755 0:0", "d/l symlink 777 0:0 -> ../real", 'd/link file 644 0:0 "1"'],
  },
  "parents of a source are clipped at its root": {
    from: { a: "1", up: { link: "../../../a" }, abs: { link: "/a" } },
    sources: ["../../a", "/up", "abs"],
    dest: "/d/",
    gives: [
      `d directory 755 0:0 @${NOW}`,
      'd/a file 644 0:0 "1"',
      'd/abs file 644 0:0 "1"',
      'd/up file 644 0:0 "1"',
    ],
  },
  "a pattern takes files, and the contents of directories": {
    from: { "a.c": "1", "b.c": "2", "c.h": "3", "d.c/x": "4" },
    sources: ["*.c"],
    dest: "/d/",
    gives: [
      "d directory 755 0:0",
      'd/a.c file 644 0:0 "1"',
      'd/b.c file 644 0:0 "2"',
      'd/x file 644 0:0 "4"',
    ],
  },
  "a pattern without a match copies nothing": { from: { a: "1" }, sources: ["*.c"], dest: "/d/", gives: [] },
  "a pattern's plain beginning follows symlinks": {
    from: { "real/a": "1", link: { link: "real" } },
    sources: ["link/*"],
    dest: "/d/",
    gives: [`d directory 755 0:0 @${NOW}`, 'd/a file 644 0:0 "1"'],
  },
  "owners are root's, or kept for --from": {
    keepOwner: true,
    from: { "s/a": { data: "1", uid: 7, gid: 8 }, "s/": { uid: 9, gid: 9 } },
    sources: ["s"],
    dest: "/d",
    gives: ["d directory 755 0:0", 'd/a file 644 7:8 "1"'],
  },
  "--chown owns files, directories and missing parents": {
    keepOwner: true,
    owner: { uid: 5, gid: 6 },
    from: { "s/a": { data: "1", uid: 7 }, "s/l": { link: "a" } },
    sources: ["s"],
    dest: "/p/d",
    gives: [
      `p directory 755 5:6 @${NOW}`,
      "p/d directory 755 5:6",
      'p/d/a file 644 5:6 "1"',
      "p/d/l symlink 777 5:6 -> a",
    ],
  },
  "an octal --chmod is that of missing parents too": {
    chmod: "640",
    from: { a: "1" },
    sources: ["a"],
    dest: "/p/",
    gives: [`p directory 640 0:0 @${NOW}`, 'p/a file 640 0:0 "1"'],
  },
  "missing parents have no more of an octal --chmod than mkdir(2) with a umask of 022 leaves": {
    chmod: "1777",
    from: { a: "1" },
    sources: ["a"],
    dest: "/p/",
    gives: [`p directory 755 0:0 @${NOW}`, 'p/a file 1777 0:0 "1"'],
  },
  "a symbolic --chmod is of what is copied alone": {
    chmod: "u=rwX,go=rX",
    from: { "s/a": { data: "1", mode: 0o600 }, "s/b": { data: "2", mode: 0o700 }, "s/t/": { mode: 0o700 } },
    sources: ["s"],
    dest: "/d",
    gives: ["d directory 755 0:0", 'd/a file 644 0:0 "1"', 'd/b file 755 0:0 "2"', "d/t directory 755 0:0"],
  },
  "setuid, devices and fifos are copied": {
    from: {
      "s/su": { data: "1", mode: 0o4755 },
      "s/null": { type: "character", mode: 0o666, major: 1, minor: 3 },
      "s/pipe": { type: "fifo", mode: 0o600 },
    },
    sources: ["s"],
    dest: "/d",
    gives: [
      "d directory 755 0:0",
      "d/null character 666 0:0",
      "d/pipe fifo 600 0:0",
      'd/su file 4755 0:0 "1"',
    ],
  },
  "a heredoc is a file of mode 644": {
    from: {},
    sources: [{ from: "inline", name: "EOF", data: "hé\n" }],
    dest: "/d/",
    gives: [`d directory 755 0:0 @${NOW}`, `d/EOF file 644 0:0 "h\u00c3\u00a9\\n" @${NOW}`],
  },
};

for (const [name, { gives, ...options }] of Object.entries(CASES)) {
  test(`planCopy(): ${name}`, async () => {
    assert.deepEqual(await copiedLines(options), gives);
  });
}
