import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { readAst } from "../../builder/dockerfile/ast.ts";
import { readDirectives } from "../../builder/dockerfile/directives.ts";
import { splitCommand } from "../../builder/dockerfile/flags.ts";
import { joinLines } from "../../builder/dockerfile/logical-lines.ts";
import { maskText } from "../../builder/dockerfile/mask.ts";
import { splitLines } from "../../builder/dockerfile/source.ts";
import { arbitraryDockerfile } from "./arbitrary.ts";

function mask(text: string): { masked: string; logical: ReturnType<typeof joinLines> } {
  const lines = splitLines(text);
  const zone = readDirectives({ name: "Dockerfile", text }, lines);
  const logical = joinLines(lines, zone.directives.escape, zone.lines, text);
  return { masked: maskText(text, lines, logical), logical };
}

test("maskText() keeps where keywords and continuations are and blanks the rest", () => {
  const text = [
    "# escape=`",
    "FROM a",
    "RUN x `",
    "  # no",
    "",
    "  y``",
    "COPY <<E /",
    "RUN rm",
    "E",
    "USER u\\",
    "",
  ].join("\n");
  const expected = [
    "          ",
    "xxxx  ",
    "xxx   \\",
    "      ",
    "",
    "  x  ",
    "xxxx      ",
    "      ",
    " ",
    "xxxx   ",
    "",
  ];
  assert.deepEqual(
    mask(text)
      .masked.split("\n")
      .map((line) => line.trimEnd()),
    expected.map((line) => line.trimEnd()),
  );
});

test("maskText() keeps every line and every column", () => {
  fc.assert(
    fc.property(arbitraryDockerfile, (text) => {
      const { masked } = mask(text);
      assert.equal(masked.length, text.length);
      assert.deepEqual(
        masked.split("\n").map((line) => line.length),
        text.split("\n").map((line) => line.length),
      );
    }),
  );
});

test("behind the mask dockerfile-ast finds the instructions that BuildKit's rules give", () => {
  fc.assert(
    fc.property(arbitraryDockerfile, (text) => {
      const { masked, logical } = mask(text);
      const found = readAst(masked).map(({ range }) =>
        logical.findIndex(
          ({ firstLine, lastLine }) => firstLine <= range.start.line && range.end.line <= lastLine,
        ),
      );
      const wanted = logical.flatMap((line, index) =>
        splitCommand({ text: line.text, at: 0 }).keyword.text === "" ? [] : [index],
      );
      assert.deepEqual(found, wanted);
    }),
    { numRuns: 500 },
  );
});
