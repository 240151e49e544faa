import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDockerfile } from "../../builder/dockerfile/parse.ts";
import { execOf, copyOf, plan, problemsOf, refusal } from "../graph/planning.ts";
import { errors, read, second } from "./reading.ts";

test("rule 1: directives end at the first line that is none, a repeat is an error, a BOM is skipped", () => {
  assert.equal(read("# escape=`", "FROM a").directives.escape, "`");
  assert.equal(read("#ESCAPE = `  ", "FROM a").directives.escape, "`");
  assert.equal(read("\ufeff# syntax=x", "# escape=`", "FROM a").directives.escape, "`");
  for (const before of ["# ordinary comment", "", "# unknown=x", "ARG A"]) {
    assert.equal(read(before, "# escape=`", "FROM a").directives.escape, "\\", before);
  }
  const repeated = read("# escape=`", "# escape=`", "FROM a").diagnostics;
  assert.ok(repeated.some(({ severity }) => severity === "error"));
  assert.equal(read("# syntax=image/frontend:1", "# check=skip=all", "FROM a").directives.check, "skip=all");
  assert.deepEqual(
    read("// syntax=x", "FROM a").diagnostics.map(({ rule }) => rule),
    ["UnknownInstruction"],
  );
  assert.deepEqual(
    read("FROM a", "\ufeffRUN x").diagnostics.map(({ rule }) => rule),
    ["UnknownInstruction"],
  );
});

/** What a RUN of these lines runs. */
const commandOf = (...lines: string[]): unknown => second("run", ...lines).command;

test("rule 2: one escape character at the end continues a line, comments in it vanish, first spaces go", () => {
  assert.deepEqual(commandOf("  RUN a \\  ", "   b"), { form: "shell", text: "a    b" });
  assert.deepEqual(commandOf("RUN a \\", "# gone", "  # gone too", "b"), { form: "shell", text: "a b" });
  assert.deepEqual(commandOf("RUN a \\", "", "b"), { form: "shell", text: "a b" });
  assert.deepEqual(errors("RUN a \\\\", "b"), ["UnknownInstruction"]);
  const { diagnostics } = read("FROM a", "RUN a \\", "", "b");
  assert.deepEqual(
    diagnostics.map(({ rule, severity }) => [rule, severity]),
    [["NoEmptyContinuation", "warning"]],
  );
});

test("rule 3: a line may be longer than 64 KiB, which BuildKit refuses", () => {
  const long = "a".repeat(70_000);
  assert.deepEqual(second("run", `RUN ${long}`).command, { form: "shell", text: long });
});

test("rule 4: flags end at the first word that is none or at --, and a bool takes true, false or nothing", () => {
  const { sources, dest, link } = second("copy", "COPY --link -- --chown=1 /d");
  assert.deepEqual([sources.map(({ raw }) => raw), dest.raw, link], [["--chown=1"], "/d", true]);
  assert.deepEqual(
    second("copy", "COPY a --link /d").sources.map(({ raw }) => raw),
    ["a", "--link"],
  );
  assert.equal(second("copy", "COPY --link=TRUE a /d").link, true);
  assert.equal(second("copy", "COPY --link=false a /d").link, false);
  assert.deepEqual(errors("COPY --link= a /d"), ["InvalidFlag"]);
  assert.deepEqual(errors("COPY --chown=1 --chown=2 a /d"), ["DuplicateFlag"]);
  assert.equal(second("copy", "COPY --exclude=a --exclude=b . /d").exclude.length, 2);
  assert.equal(second("run", "RUN --mount=target=/a --mount=target=/b x").flags.length, 2);
});

test("rule 5: JSON that is not quite JSON is a shell form, an element that is no string is an error", async () => {
  assert.deepEqual(second("run", 'RUN ["a", "b"]').command, { form: "exec", argv: ["a", "b"] });
  for (const text of ['["a",]', "['a']", '["a"] && b', "[ -f x ]"]) {
    assert.deepEqual(second("run", `RUN ${text}`).command, { form: "shell", text }, text);
  }
  assert.deepEqual(errors("RUN [1]"), ["InvalidJSONArgs"]);
  assert.deepEqual(errors("SHELL bash"), ["InvalidJSONArgs"]);
  assert.deepEqual(errors("SHELL []"), ["MissingArguments"]);
  const base = { base: { config: { Cmd: ["c"], Entrypoint: ["e"] } } };
  const { config } = (await plan("FROM base\nCMD []\nENTRYPOINT []", {}, base)).target;
  assert.deepEqual([config.Cmd, config.Entrypoint], [[], null]);
  assert.equal((await plan("FROM base\nENTRYPOINT []", {}, base)).target.config.Cmd, undefined);
});

/** The pairs of an ENV. */
const pairsOf = (line: string): unknown =>
  second("env", line).pairs.map(({ key, value }) => [key.raw, value.raw]);

test("rule 6: ENV and LABEL whose first word has no = take the rest of the line, else every word has one", () => {
  assert.deepEqual(pairsOf("ENV a b c=d"), [["a", "b c=d"]]);
  assert.deepEqual(pairsOf("ENV a=b c='d e'"), [
    ["a", "b"],
    ["c", "'d e'"],
  ]);
  assert.deepEqual(errors("ENV a=b c"), ["InvalidKeyValue"]);
  assert.deepEqual(errors("LABEL a=b c"), ["InvalidKeyValue"]);
  assert.deepEqual(
    second("arg", "ARG a b=c").args.map(({ key, value }) => [key.raw, value?.raw]),
    [
      ["a", undefined],
      ["b", "c"],
    ],
  );
});

/** The last argument of a RUN, and its scripts. */
const ranBy = async (...lines: string[]): Promise<unknown> => {
  const { argv, scripts } = execOf(await plan(["FROM debian", "ENV v=1", ...lines].join("\n")));
  return [argv.at(-1), scripts];
};

/** The sources of a COPY. */
const copiedBy = async (...lines: string[]): Promise<unknown> =>
  copyOf(await plan(["# escape=`", "FROM debian", "ENV v=1", ...lines].join("\n"))).sources;

test("rule 7: a heredoc is a shell's text, a script or a file, and is expanded for COPY where it is unquoted", async () => {
  assert.deepEqual(await ranBy("RUN <<E", "echo $v", "E"), ["echo $v\n", []]);
  assert.deepEqual(await ranBy("RUN <<-'E'", "\t\techo", "\tE"), ["echo\n", []]);
  const script = { name: "E", body: "#!/bin/cat\n$v\n" };
  assert.deepEqual(await ranBy("RUN <<E", "#!/bin/cat", "$v", "E"), ["/dev/pipes/E", [script]]);
  assert.deepEqual(await ranBy("RUN cat <<A 3<<B", "a", "A", "b", "B"), ["cat <<A 3<<B\na\nA\nb\nB", []]);
  assert.deepEqual(await copiedBy("COPY <<f <<'g' /d/", `"$v" '$v' \\$v`, "f", "$v", "g"), [
    { from: "inline", name: "f", data: `"1" '1' $v\n` },
    { from: "inline", name: "g", data: "$v\n" },
  ]);
  assert.deepEqual(second("run", 'RUN ["a", "<<E"]').heredocs, []);
  assert.deepEqual(second("env", "ENV a=<<E").pairs.length, 1);
  assert.deepEqual(errors("RUN <<E", "x"), ["UnterminatedHeredoc"]);
  assert.equal(second("onbuild", "ONBUILD RUN <<E", "x", "E").trigger, "RUN <<E\nx\nE");
});

/** Images that a Dockerfile builds on. */
const askedFor = async (text: string, images = {}): Promise<readonly string[]> =>
  (await plan(text, {}, images)).asked;

test("rule 8: names are lower case, found in any case but by FROM, the last one wins, and only earlier ones count", async () => {
  assert.deepEqual(await askedFor("FROM debian AS Build\nFROM alpine\nCOPY --from=BUILD /a /\n"), [
    "debian amd64",
    "alpine amd64",
  ]);
  assert.deepEqual(await askedFor("FROM debian AS build\nFROM Build", { Build: {} }), ["Build amd64"]);
  const twice = "FROM debian AS a\nENV n=1\nFROM debian AS a\nENV n=2\nFROM a";
  assert.equal((await plan(twice)).target.config.Env?.at(-1), "n=2");
  assert.deepEqual(await askedFor("FROM debian\nFROM alpine\nCOPY --from=0 /a /"), [
    "debian amd64",
    "alpine amd64",
  ]);
  assert.deepEqual(errors("FROM a AS 1b"), ["InvalidStageName"]);
  const cycle = await refusal("FROM debian AS a\nCOPY --from=b / /\nFROM a AS b");
  assert.deepEqual(problemsOf(cycle), ['2: Cannot copy from stage "b": it begins later, on line 3']);
});

/** The healthcheck of a line, or its ports. */
const checkOrPorts = async (line: string): Promise<unknown> => {
  const { Healthcheck, ExposedPorts } = (await plan(`FROM debian\n${line}`)).target.config;
  return Healthcheck ?? Object.keys(ExposedPorts ?? {});
};

test("rule 9: HEALTHCHECK keeps what was given, EXPOSE sorts and spreads its ports", async () => {
  assert.deepEqual(await checkOrPorts("HEALTHCHECK CMD a b"), { Test: ["CMD-SHELL", "a b"] });
  assert.deepEqual(await checkOrPorts('HEALTHCHECK --timeout=1ms CMD ["a"]'), {
    Test: ["CMD", "a"],
    Timeout: 1_000_000,
  });
  assert.deepEqual(errors("HEALTHCHECK --interval=999us CMD a"), ["InvalidHealthcheck"]);
  assert.deepEqual(await checkOrPorts("EXPOSE 9-11/UDP 80 127.0.0.1:5000:443"), [
    "443/tcp",
    "80/tcp",
    "9/udp",
    "10/udp",
    "11/udp",
  ]);
  const { diagnostics } = await plan("FROM debian\nEXPOSE 127.0.0.1:5000:443");
  assert.deepEqual(
    diagnostics.map(({ rule }) => rule),
    ["ExposeInvalidFormat"],
  );
});

test("rule 1: a Dockerfile may have any line ends", () => {
  const unix = parseDockerfile({ name: "Dockerfile", text: "# escape=`\nFROM a\nRUN a `\n  b\n" });
  const dos = parseDockerfile({ name: "Dockerfile", text: "# escape=`\r\nFROM a\r\nRUN a `\r\n  b\r\n" });
  assert.deepEqual(dos.instructions, unix.instructions);
});
