import assert from "node:assert/strict";
import { test } from "node:test";
import type { CopyOp, CopySource } from "../../builder/graph/types.ts";
import { copyOf, plan, problemsOf, refusal } from "../graph/planning.ts";

const context = (path: string): CopySource => ({ from: "input", input: 1, path, keepOwner: false });
const stage = (path: string): CopySource => ({ from: "input", input: 1, path, keepOwner: true });

const cases: readonly (readonly [name: string, line: string, expected: Partial<CopyOp>])[] = [
  [
    "takes several sources in order",
    "COPY a *.txt /d/",
    { sources: [context("a"), context("*.txt")], dest: "/d/" },
  ],
  ["joins a relative destination to the directory (rule 29)", "COPY a b", { dest: "/w/b" }],
  ["takes . for the directory itself (rule 29)", "COPY a .", { dest: "/w/" }],
  ["keeps a trailing slash (rule 29)", "COPY a ../x//y/", { dest: "/x/y/" }],
  ["takes a trailing /. for a slash (rule 29)", "COPY a /x/.", { dest: "/x/" }],
  ["keeps the root a root", "COPY a /", { dest: "/" }],
  [
    "expands sources, destination and flags (rule 10)",
    "COPY --chown=$u --chmod=$m $s /$u/",
    {
      sources: [context("src")],
      dest: "/app/",
      chown: "app",
      chmod: "u=rwX,go=rX",
    },
  ],
  [
    "carries --link, --parents and --exclude",
    "COPY --link --parents --exclude=*.md --exclude=$s a /",
    {
      link: true,
      parents: true,
      exclude: ["*.md", "src"],
    },
  ],
  ["does not unpack with COPY", "COPY a.tar /", { unpack: false }],
  ["unpacks with ADD (rule 35)", "ADD a.tar /", { unpack: true }],
  ["leaves archives alone with --unpack=false", "ADD --unpack=false a.tar /", { unpack: false }],
  [
    "copies from a stage by name in any case, with owners (rule 8)",
    "COPY --from=TOOLS /a /b",
    { sources: [stage("/a")] },
  ],
  ["copies from a stage by number (rule 8)", "COPY --from=0 /a /b", { sources: [stage("/a")] }],
  [
    "copies from an image where no stage has the name",
    "COPY --from=alpine /a /b",
    { sources: [stage("/a")] },
  ],
  ["copies from a named context as from the main one", "COPY --from=Docs a /b", { sources: [context("a")] }],
  [
    "expands an unquoted heredoc, quotes left alone (rule 7)",
    `COPY <<EOF /d/\n"$s" \\$s\nEOF`,
    {
      sources: [{ from: "inline", name: "EOF", data: '"src" $s\n' }],
      dest: "/d/",
    },
  ],
  [
    "keeps a quoted heredoc as it is (rule 7)",
    "COPY <<'EOF' <<-two b /d/\n$s\nEOF\n\tx\ntwo",
    {
      sources: [
        context("b"),
        { from: "inline", name: "EOF", data: "$s\n" },
        { from: "inline", name: "two", data: "x\n" },
      ],
    },
  ],
];

for (const [name, line, expected] of cases) {
  test(`planBuild() ${name}`, async () => {
    const text = `FROM alpine AS tools\nFROM debian\nENV s=src u=app m=u=rwX,go=rX\nWORKDIR /w\n${line}`;
    const op = copyOf(await plan(text, { contexts: ["docs"] }));
    const picked = Object.keys(expected).map((key) => [key, op[key as keyof CopyOp]]);
    assert.deepEqual(Object.fromEntries(picked), expected);
  });
}

test("planBuild() leaves --chown and --chmod out where they are empty", async () => {
  const op = copyOf(await plan("FROM debian\nARG none=\nCOPY --chown=$none --chmod=$none a /"));
  assert.deepEqual(
    Object.keys(op).filter((key) => key.startsWith("ch")),
    [],
  );
});

const wrong: readonly (readonly [line: string, problem: string])[] = [
  ["COPY --chmod=8 a /a", "Cannot use --chmod=8: it is not a mode"],
  ["COPY --chmod=17777 a /a", "Cannot use --chmod=17777: it is not a mode"],
  ["COPY --chmod=u+z a /a", "Cannot use --chmod=u+z: it is not a mode"],
  ["COPY --from=1 a /a", "Cannot copy from stage 1: the only stage is 0"],
  ["COPY --from=-1 a /a", "Cannot copy from stage -1: the only stage is 0"],
];

for (const [line, problem] of wrong) {
  test(`planBuild() refuses ${line}`, async () => {
    const error = await refusal(`FROM debian\n${line}`);
    assert.deepEqual(problemsOf(error), [`2: ${problem}`]);
    assert.equal(error.code, "DOCKERFILE_INVALID");
  });
}

test("planBuild() refuses to copy a file out of an empty stage, but not all of it (rule 27)", async () => {
  const text = "FROM scratch AS empty\nENV a=1\nFROM debian\nCOPY --from=empty";
  const error = await refusal(`${text} /file /`);
  assert.equal(error.code, "COPY_SOURCE_NOT_FOUND");
  assert.deepEqual(problemsOf(error), [
    '4: Cannot copy "/file": what it is to come from has no files at all',
  ]);
  assert.deepEqual(copyOf(await plan(`${text} *.txt . /`)).sources, []);
});

test("COPY of a quoted path with a space says to write JSON, once", async () => {
  const error = await refusal('FROM debian\nCOPY --chown=1 "a b" \'c d\' /e/\nCOPY a\\"b "c" /\n');
  assert.deepEqual(problemsOf(error), ["2: COPY splits at every space: quotes hold no words together here"]);
  assert.equal(error.diagnostics[0]?.fix, 'write COPY ["a b", "c d", "/e/"]');
});
