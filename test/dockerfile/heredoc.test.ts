import assert from "node:assert/strict";
import { test } from "node:test";
import { findHeredocs } from "../../builder/dockerfile/heredoc.ts";
import { parseDockerfile } from "../../builder/dockerfile/parse.ts";
import { runScript } from "../../builder/dockerfile/run-script.ts";
import type { RunInstruction } from "../../builder/dockerfile/types.ts";

/** BuildKit parser/parser_heredoc_test.go has most of these shapes. */
const LINES: readonly (readonly [string, readonly string[]])[] = [
  ["RUN <<EOF", ["EOF"]],
  ["RUN <<-EOF", ["EOF-chomp"]],
  ["RUN <<'EOF'", ["EOF-raw"]],
  ['RUN <<"EOF"', ["EOF-raw"]],
  ["RUN <<E'O'F", ["EOF-raw"]],
  ["RUN <<\\EOF", ["EOF"]],
  ["RUN 3<<EOF", ["EOF-fd3"]],
  ["RUN cat <<A <<-'B' > x", ["A", "B-chomp-raw"]],
  ["RUN <<$EOF", ["$EOF"]],
  ["RUN <<'a b'", ["a b-raw"]],
  ["RUN cat<<EOF", []],
  ["RUN << EOF", []],
  ["RUN cat <<<EOF", []],
  ["RUN cat \\<<EOF", []],
  ["RUN <<EOF<<X", []],
  ['RUN bash -c "cat <<EOF"', []],
  ["RUN echo it's <<EOF", []],
  ["RUN echo ${x:=y} <<EOF", ["EOF"]],
  ["RUN echo ${x=y} <<EOF", []],
];

for (const [line, expected] of LINES) {
  test(`findHeredocs() reads ${line}`, () => {
    const found = findHeredocs(line).map(
      ({ name, chomp, expand, fd }) =>
        name + (chomp ? "-chomp" : "") + (expand ? "" : "-raw") + (fd === 0 ? "" : `-fd${fd}`),
    );
    assert.deepEqual(found, expected);
  });
}

function run(text: string): RunInstruction {
  const { instructions, diagnostics } = parseDockerfile({ name: "Dockerfile", text: `FROM a\n${text}` });
  assert.deepEqual(diagnostics, []);
  const [, instruction] = instructions;
  assert.equal(instruction?.kind, "run");
  return instruction;
}

/** BuildKit dockerfile2llb/convert.go dispatchRun. */
test("runScript() gives the body alone to the shell when the heredoc is all there is", () => {
  assert.deepEqual(runScript(run("RUN --network=none <<EOF\na\n  b $C\nEOF\n")), {
    kind: "shell",
    text: "a\n  b $C\n",
  });
});

test("runScript() makes a file of a body that begins with #!", () => {
  assert.deepEqual(runScript(run("RUN <<script\n#!/usr/bin/env python3\nprint(1)\nscript\n")), {
    kind: "script",
    name: "script",
    body: "#!/usr/bin/env python3\nprint(1)\n",
  });
});

test("runScript() puts line and bodies together when there is more on the line", () => {
  assert.deepEqual(runScript(run("RUN cat <<A - <<'B' > /f\na\nA\nb\nB\n")), {
    kind: "shell",
    text: "cat <<A - <<'B' > /f\na\nA\nb\nB",
  });
});

test("runScript() keeps the exec form", () => {
  assert.deepEqual(runScript(run('RUN ["echo", "<<EOF"]')), { kind: "exec", argv: ["echo", "<<EOF"] });
});

test("a heredoc keeps CRLF and comments, loses only tabs with <<-, and ends at its name alone", () => {
  const { heredocs } = run("RUN <<-E\r\n\t\ta\r\n\t # b\r\nE \r\n\tE\r\n");
  assert.equal(heredocs[0]?.body, "a\r\n # b\r\nE \r\n");
});

test("<<- takes the tabs off lines as a Dockerfile has them: a lone CR and U+2028 end none", () => {
  const { heredocs } = run("RUN <<-E\n\ta\r\tb\u2028\tc\n\n\t\td\nE\n");
  assert.equal(heredocs[0]?.body, "a\r\tb\u2028\tc\n\nd\n");
});
