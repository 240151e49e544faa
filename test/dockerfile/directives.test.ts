import assert from "node:assert/strict";
import { test } from "node:test";
import { readDirectives } from "../../builder/dockerfile/directives.ts";
import { splitLines } from "../../builder/dockerfile/source.ts";

function read(text: string): unknown {
  const { directives, lines, diagnostics } = readDirectives({ name: "Dockerfile", text }, splitLines(text));
  return [directives, lines, ...diagnostics.map(({ rule }) => rule)];
}

/** BuildKit parser/directives.go. */
const CASES: readonly (readonly [name: string, text: string, expected: unknown])[] = [
  [
    "all three, in any case and spacing",
    "#SYNTAX=a/b:1\n  # escape = `\n#check=skip=all;error=true",
    [{ syntax: "a/b:1", escape: "`", check: "skip=all;error=true" }, 3],
  ],
  ["a byte-order mark before them", "\ufeff# escape=`\n", [{ escape: "`" }, 1]],
  ["none below a comment", "# hello\n# escape=`\n", [{ escape: "\\" }, 0]],
  ["none below an unknown name", "# foo=bar\n# escape=`\n", [{ escape: "\\" }, 0]],
  ["none below an empty line", "\n# escape=`\n", [{ escape: "\\" }, 0]],
  ["none below an instruction", "FROM a\n# escape=`\n", [{ escape: "\\" }, 0]],
  ["none in //", "// syntax=a\n", [{ escape: "\\" }, 0]],
  ["no empty value", "# escape=\n", [{ escape: "\\" }, 0]],
  ["values with spaces", "# check=skip=A, B  \r\n", [{ escape: "\\", check: "skip=A, B" }, 1]],
  ["a repeat as an error", "# escape=`\n# escape=\\\n", [{ escape: "`" }, 2, "DuplicateDirective"]],
  ["another escape as an error", "# escape=x\n", [{ escape: "\\" }, 1, "InvalidDirective"]],
];

for (const [name, text, expected] of CASES) {
  test(`readDirectives() reads ${name}`, () => assert.deepEqual(read(text), expected));
}
