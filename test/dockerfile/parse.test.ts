import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Range } from "../../builder/core/diagnostic.ts";
import { parseDockerfile, parseTrigger } from "../../builder/dockerfile/parse.ts";
import { projectRoot } from "../support/project.ts";
import { arbitraryDockerfile } from "./arbitrary.ts";

const folder = join(projectRoot, "fixtures/dockerfiles");
const SUFFIX = ".Dockerfile";

for (const file of readdirSync(folder).filter((name) => name.endsWith(SUFFIX))) {
  const golden = join(folder, file.replace(SUFFIX, ".ast.json"));
  test(`parseDockerfile() reads ${file} as ${file.replace(SUFFIX, ".ast.json")} says`, () => {
    const found = print(readFileSync(join(folder, file), "utf8"), file);
    if (process.env["UPDATE"] === "1") writeFileSync(golden, found);
    assert.equal(found, readFileSync(golden, "utf8"));
  });
}

/** Readable JSON: ranges as `line:column-line:column`, counted from zero, and the source left out. */
function print(text: string, name: string): string {
  const { source: _, ...rest } = parseDockerfile({ name, text });
  return `${JSON.stringify(rest, shorten, 2)}\n`;
}

function shorten(key: string, value: unknown): unknown {
  if (key === "source") return undefined;
  return key === "range" ? showRange(value as Range) : value;
}

function showRange({ start, end }: Range): string {
  return `${start.line}:${start.column}-${end.line}:${end.column}`;
}

function rulesOf(text: string): readonly string[] {
  return parseDockerfile({ name: "Dockerfile", text }).diagnostics.map(({ rule }) => rule);
}

/** One mistake each: what it is called, where it is shown, and what helps. */
const MISTAKES: readonly (readonly [text: string, rule: string, range: string, fix: RegExp])[] = [
  ["RNU x", "UnknownInstruction", "1:0-1:3", /did you mean "RUN"/],
  ["RUN\u00a0x", "UnknownInstruction", "1:0-1:5", /type the space again/],
  ["RUN a &&\napt-get install b", "UnknownInstruction", "2:0-2:7", /end the line above with the escape/],
  ["RUN a \\\\\nb", "UnknownInstruction", "2:0-2:1", /with one escape character/],
  ["RUN cat<<E\nhello", "UnknownInstruction", "2:0-2:5", /a space before <</],
  ["RUN a\0b", "NotText", "1:5-1:5", /save it as UTF-8/],
  ["COPY --chwon=1 a b", "UnknownFlag", "1:5-1:14", /did you mean "--chown"/],
  ["COPY --zzz a b", "UnknownFlag", "1:5-1:10", /it takes --chown/],
  ["CMD --port 80", "UnknownFlag", "1:4-1:10", /takes no flags/],
  ["COPY --link=maybe a b", "InvalidFlag", "1:5-1:17", /--link=true/],
  ["COPY --link= a b", "InvalidFlag", "1:5-1:12", /--link=true/],
  ["COPY --from a b c", "InvalidFlag", "1:5-1:11", /--from=VALUE/],
  ["COPY --from=a --from=b x y", "DuplicateFlag", "1:14-1:22", /keep one/],
  ["COPY --from=$S x y", "VariableInFrom", "1:5-1:14", /FROM \$S AS NAME/],
  ["COPY a", "MissingArguments", "1:0-1:4", /DESTINATION/],
  ["COPY a <<E\nE", "InvalidHeredoc", "1:5-1:10", /<<EOF DESTINATION/],
  ["COPY <<a/b /x\na/b", "InvalidHeredoc", "1:5-1:13", /<<EOF/],
  ['COPY ["a", 1]', "InvalidJSONArgs", "1:5-1:13", /double quotes/],
  ["RUN", "MissingArguments", "1:0-1:3", /command/],
  ["RUN []", "MissingArguments", "1:0-1:3", /array/],
  ["ENTRYPOINT", "MissingArguments", "1:0-1:10", /ENTRYPOINT \[\]/],
  ["SHELL bash", "InvalidJSONArgs", "1:6-1:10", /SHELL \["/],
  ["SHELL []", "MissingArguments", "1:0-1:5", /SHELL \["/],
  ["ENV A", "MissingArguments", "1:0-1:3", /KEY=value/],
  ["ENV A=b c", "InvalidKeyValue", "1:8-1:9", /KEY=value/],
  ["ENV =b", "InvalidKeyValue", "1:4-1:6", /KEY=value/],
  ["LABEL", "MissingArguments", "1:0-1:5", /LABEL KEY/],
  ["ARG =x", "InvalidKeyValue", "1:4-1:6", /KEY=value/],
  ["FROM", "MissingArguments", "1:0-1:4", /FROM debian/],
  ["FROM a b", "InvalidFrom", "1:5-1:8", /FROM a AS NAME/],
  ["FROM a AS 1b", "InvalidStageName", "1:10-1:12", /begin with a letter/],
  ["WORKDIR", "MissingArguments", "1:0-1:7", /WORKDIR PATH/],
  ["EXPOSE", "MissingArguments", "1:0-1:6", /8080/],
  ["VOLUME []", "MissingArguments", "1:0-1:6", /VOLUME/],
  ["HEALTHCHECK", "MissingArguments", "1:0-1:11", /NONE/],
  ["HEALTHCHECK CURL x", "InvalidHealthcheck", "1:12-1:16", /HEALTHCHECK CMD/],
  ["HEALTHCHECK NONE x", "InvalidHealthcheck", "1:17-1:18", /HEALTHCHECK NONE/],
  ["HEALTHCHECK CMD", "MissingArguments", "1:0-1:11", /HEALTHCHECK CMD/],
  ["HEALTHCHECK --interval=5 CMD x", "InvalidHealthcheck", "1:12-1:24", /30s/],
  ["HEALTHCHECK --timeout=1us CMD x", "InvalidHealthcheck", "1:12-1:25", /30s/],
  ["HEALTHCHECK --retries=-1 CMD x", "InvalidHealthcheck", "1:12-1:24", /--retries=3/],
  ["ONBUILD RNU x", "UnknownInstruction", "1:8-1:11", /did you mean "RUN"/],
  ["RUN a \\\n\n b", "NoEmptyContinuation", "2:0-2:0", /remove the empty line/],
  ["RUN cat <<EOF\nx", "UnterminatedHeredoc", "1:0-1:13", /nothing but EOF/],
  ["\\\nRUN cat <<EOF\nx", "UnterminatedHeredoc", "2:0-2:13", /nothing but EOF/],
];

for (const [text, rule, range, fix] of MISTAKES) {
  test(`parseDockerfile() explains ${JSON.stringify(text)}`, () => {
    const { diagnostics } = parseDockerfile({ name: "Dockerfile", text: `FROM a\n${text}` });
    assert.deepEqual(
      diagnostics.map((found) => [found.rule, showRange(found.range)]),
      [[rule, range]],
    );
    assert.match(diagnostics[0]?.fix ?? "", fix);
  });
}

test("parseDockerfile() says that a known flag is not supported yet", () => {
  const { diagnostics } = parseDockerfile({ name: "Dockerfile", text: "FROM a\nRUN --device=gpu x\n" });
  assert.deepEqual(
    diagnostics.map(({ rule, message }) => [rule, message]),
    [["UnsupportedFlag", "RUN --device is not supported yet"]],
  );
});

test("parseDockerfile() finds what only a whole file can lack", () => {
  assert.deepEqual(rulesOf(""), ["EmptyFile"]);
  assert.deepEqual(rulesOf("# only this\n"), ["EmptyFile"]);
  assert.deepEqual(rulesOf("ARG A\n"), ["NoBuildStage"]);
  assert.deepEqual(rulesOf("ARG A\nRUN x\nENV a=b\nFROM a\nRUN y\n"), ["NoBuildStage"]);
  assert.deepEqual(rulesOf("FORM a\nRUN x\nENV a=b\n"), ["UnknownInstruction"]);
  assert.deepEqual(rulesOf("\\\n"), ["UnknownInstruction"]);
});

/** Each is a result or a clear error, quickly; what is slow here is slow for somebody's build. */
const LARGE: readonly (readonly [name: string, text: () => string, rules: readonly string[]])[] = [
  ["60,000 instructions", () => `FROM a\n${"RUN x\n".repeat(60_000)}`, ["TooManyInstructions"]],
  ["17 million characters", () => "#".repeat(17_000_000), ["FileTooLong"]],
  ["a line of a megabyte", () => `FROM a\nRUN echo ${"a".repeat(1_000_000)}\n`, []],
  ["a megabyte of words", () => `FROM a\nENV ${"a=b ".repeat(250_000)}\n`, []],
  ["a heredoc of 10 megabytes", () => `FROM a\nCOPY <<E /x\n${"abcdefghi\n".repeat(1_000_000)}E\n`, []],
  ["100,000 flags", () => `FROM a\nCOPY ${"--exclude=a ".repeat(100_000)}a b\n`, []],
  ["brackets without end", () => `FROM a\nCMD ${"[".repeat(500_000)}\n`, []],
  ["braces without end", () => `FROM a\nRUN << ${"${a:-".repeat(200_000)}\n`, []],
];

for (const [name, text, rules] of LARGE) {
  test(`parseDockerfile() copes with ${name}`, { timeout: 120_000 }, () => {
    assert.deepEqual(rulesOf(text()), rules);
  });
}

test("parseDockerfile() reports at most a hundred errors", () => {
  const { diagnostics } = parseDockerfile({ name: "Dockerfile", text: "no\n".repeat(1000) });
  assert.equal(diagnostics.length, 100);
});

test("parseDockerfile() never throws, and every range lies in the text", () => {
  fc.assert(
    fc.property(arbitraryDockerfile, (text) => {
      const { instructions, diagnostics } = parseDockerfile({ name: "Dockerfile", text });
      const lengths = text.split("\n").map((line) => line.length);
      for (const { range } of [...instructions, ...diagnostics]) {
        for (const { line, column } of [range.start, range.end]) {
          assert.ok(line < lengths.length && column <= (lengths[line] ?? -1), showRange(range));
        }
        assert.ok(range.start.line <= range.end.line);
      }
    }),
    { numRuns: 500 },
  );
});

test("parseDockerfile() takes the value of a word from where its range says", () => {
  const text = 'FROM a\nENV  A="b c" \\\n  # no\n  D=e\\\nf G=h\n';
  const { instructions } = parseDockerfile({ name: "Dockerfile", text });
  const [, env] = instructions;
  assert.equal(env?.kind, "env");
  assert.deepEqual(
    env.pairs.map(({ key, value }) => [key.raw, showRange(key.range), value.raw, showRange(value.range)]),
    [
      ["A", "1:5-1:6", '"b c"', "1:7-1:12"],
      ["D", "3:2-3:3", "ef", "3:4-4:1"],
      ["G", "4:2-4:3", "h", "4:4-4:5"],
    ],
  );
});

test("parseTrigger() reads what ONBUILD kept", () => {
  const text = "FROM a\nONBUILD RUN <<E cat\nhi\nE\n";
  const [, onbuild] = parseDockerfile({ name: "Dockerfile", text }).instructions;
  assert.equal(onbuild?.kind, "onbuild");
  const source = { name: "ONBUILD of base", text: onbuild.trigger };
  const { instruction, diagnostics } = parseTrigger(onbuild.trigger, source, "\\");
  assert.deepEqual(diagnostics, []);
  assert.equal(instruction?.kind, "run");
  assert.equal(instruction.heredocs[0]?.body, "hi\n");
});

for (const trigger of ["", "FROM x", "ONBUILD RUN x", "RUN x\nRUN y", "MAINTAINER x", "RNU x", "RUN \0"]) {
  test(`parseTrigger() refuses ${JSON.stringify(trigger)}`, () => {
    const { instruction, diagnostics } = parseTrigger(trigger, { name: "base", text: trigger }, "\\");
    assert.equal(instruction, undefined);
    assert.ok(diagnostics.some(({ severity }) => severity === "error"));
  });
}
