import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf, plan, refusal } from "../graph/planning.ts";

test("planBuild() tells everything that is wrong at once, in the order of the file", async () => {
  const text = [
    "FROM debian AS a",
    "STOPSIGNAL SIGTREM",
    "EXPOSE 99999",
    'ENV x="${y:?must be set}"',
    "FROM a",
    "RUN --mount=type=cahce,target=/c x",
    "COPY --chmod=abc a /a",
    "VOLUME $nothing",
  ];
  const error = await refusal(text.join("\n"));
  assert.equal(error.code, "DOCKERFILE_INVALID");
  assert.equal(error.message, 'Cannot build "Dockerfile": it has 6 errors');
  assert.deepEqual(
    error.diagnostics.map(({ range, rule, fix }) => [range.start.line + 1, rule, fix]),
    [
      [2, "InvalidSignal", 'did you mean "SIGTERM"?'],
      [3, "InvalidPort", "write a port such as 8080, 8080/udp or 8000-8010"],
      [4, "Expansion", undefined],
      [6, "InvalidMount", 'did you mean "cache"?'],
      [7, "InvalidChmod", "write an octal number up to 7777, or symbols like u=rwX,go=rX"],
      [8, "EmptyVolume", "write the absolute path of a directory"],
    ],
  );
});

test("planBuild() says a single thing in its message", async () => {
  const error = await refusal('FROM debian\nENV x="${y:?must be set}"');
  assert.match(error.message, /must be set/);
});

test("planBuild() leaves alone what is wrong in stages that are not built", async () => {
  const graph = await plan("FROM missing\nEXPOSE 99999\nFROM debian\nRUN x");
  assert.equal(graph.vertices.length, 2);
});

test("planBuild() asks no registry for a Dockerfile that cannot be built", async () => {
  const error = await refusal("FROM missing\nCOPY --from=3 a /");
  assert.deepEqual(problemsOf(error), ["2: Cannot copy from stage 3: the only stage is 0"]);
});

test("planBuild() refuses what the parser refused, and tells its warnings once", async () => {
  const error = await refusal("FROM debian\nRNU x");
  assert.equal(error.diagnostics.length, 1);
  assert.equal((await plan("FROM debian\nRUN a \\\n\n  b")).warnings.length, 1);
});

test("planBuild() refuses names without a name", async () => {
  assert.deepEqual(problemsOf(await refusal("FROM debian\nENV k=a=b\nENV $none=1 $k=2\nLABEL $none=1")), [
    '3: Cannot set variable $none: its name comes out as ""',
    '3: Cannot set variable $k: its name comes out as "a=b"',
    '4: Cannot set label $none: its name comes out as ""',
  ]);
});

test("planBuild() warns where --platform of a FROM has no effect", async () => {
  const { warnings } = await plan("FROM debian AS a\nFROM --platform=linux/arm64 a AS arm64\nRUN x");
  assert.deepEqual(warnings, ["FROM --platform has no effect: stage a is for linux/amd64"]);
});

test("planBuild() skips the warnings that # check names", async () => {
  const lines = "\nFROM debian\nENV a=$b\nEXPOSE 1:1";
  const rules = async (check: string): Promise<readonly string[]> =>
    (await plan(`# check=${check}${lines}`)).diagnostics.map(({ rule }) => rule);
  assert.deepEqual(await rules("skip=UndefinedVar"), ["ExposeInvalidFormat"]);
  assert.deepEqual(await rules("skip=UndefinedVar, ExposeInvalidFormat ;error=true"), []);
  assert.deepEqual(await rules("skip=all"), []);
});

test("planBuild() refuses what it warns of with # check=error=true, the parser's warnings too", async () => {
  const error = await refusal("# check=error=true\nFROM debian\nENV a=$b\nRUN a \\\n\n b");
  assert.deepEqual(
    error.diagnostics.map(({ rule, severity }) => [rule, severity]),
    [
      ["UndefinedVar", "error"],
      ["NoEmptyContinuation", "error"],
    ],
  );
});

test("planBuild() refuses an option of # check that does not exist", async () => {
  const error = await refusal("# check=skpi=all;error=maybe\nFROM debian");
  assert.deepEqual(problemsOf(error), [
    '1: Cannot use check option "skpi=all": it is not one',
    '1: Cannot use check option "error=maybe": it is not one',
  ]);
  assert.equal(error.diagnostics[0]?.fix, 'did you mean "skip"?');
});

test("planBuild() warns of stage names that mean two things, and of a flag without effect", async () => {
  const text = "FROM debian AS a\nFROM debian AS a\nFROM debian AS context\nADD --keep-git-dir=true a /";
  const { diagnostics } = await plan(text);
  assert.deepEqual(
    diagnostics.map(({ range, rule }) => [range.start.line + 1, rule]),
    [
      [2, "DuplicateStageName"],
      [3, "ReservedStageName"],
      [4, "KeepGitDirWithoutGit"],
    ],
  );
});
