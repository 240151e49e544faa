import assert from "node:assert/strict";
import { test } from "node:test";
import { splitCommand } from "../../builder/dockerfile/flags.ts";
import { splitBlanks, splitFirst, splitWords } from "../../builder/dockerfile/words.ts";

const span = (text: string): { text: string; at: number } => ({ text, at: 0 });

const WORDS: readonly (readonly [string, readonly string[]])[] = [
  ["", []],
  ["  a  b ", ["a", "b"]],
  ['a="b c" d', ['a="b c"', "d"]],
  ["a='b \" c' d", ["a='b \" c'", "d"]],
  ["a=b\\ c d", ["a=b\\ c", "d"]],
  ['a="b\\" c" d', ['a="b\\" c"', "d"]],
  ["a='b\\' c", ["a='b\\'", "c"]],
  ['a="never closed b', ['a="never closed b']],
  ["a=b\\", ["a=b"]],
  ['""', ['""']],
  ["a\u00a0b", ["a", "b"]],
];

for (const [text, words] of WORDS) {
  test(`splitWords() splits ${JSON.stringify(text)}`, () => {
    const found = splitWords(span(text), "\\");
    assert.deepEqual(
      found.map((word) => word.text),
      words,
    );
    for (const word of found) assert.equal(text.slice(word.at, word.at + word.text.length), word.text);
  });
}

test("splitWords() escapes with a backtick when the directive says so", () => {
  const words = splitWords(span("a=C:\\ b=x` y"), "`");
  assert.deepEqual(
    words.map((word) => word.text),
    ["a=C:\\", "b=x` y"],
  );
});

test("splitBlanks() knows neither quotes nor spaces beyond ASCII", () => {
  assert.deepEqual(
    splitBlanks(span(' "a b"\tc\u00a0d')).map((word) => word.text),
    ['"a', 'b"', "c\u00a0d"],
  );
});

test("splitFirst() keeps the spaces of what follows", () => {
  assert.deepEqual(splitFirst(span("a  b  c ")), { first: span("a"), after: { text: "b  c ", at: 3 } });
  assert.deepEqual(splitFirst(span("a")), { first: span("a"), after: undefined });
});

/** BuildKit parser/split_command.go. */
const FLAGS: readonly (readonly [string, readonly (readonly [string, string?])[], string])[] = [
  ["COPY a b", [], "a b"],
  ["COPY --link --chown=1:1 a b", [["link"], ["chown", "1:1"]], "a b"],
  ["COPY --link a --chown=1 b", [["link"]], "a --chown=1 b"],
  ["COPY --link -- --chown=1 b", [["link"]], "--chown=1 b"],
  ['RUN --mount="type=bind,target=/a b" x', [["mount", "type=bind,target=/a b"]], "x"],
  ["RUN --a='\\'' x", [["a", "'"]], "x"],
  ["RUN --a=b\\ c x", [["a", "b c"]], "x"],
  ["RUN -x", [], "-x"],
  ["RUN --x", [["x"]], ""],
  ["RUN --x=", [["x", ""]], ""],
  ["RUN", [], ""],
];

for (const [line, flags, rest] of FLAGS) {
  test(`splitCommand() cuts ${line}`, () => {
    const command = splitCommand(span(line));
    assert.deepEqual(
      command.flags.map(({ name, value }) => (value === undefined ? [name] : [name, value])),
      flags,
    );
    assert.equal(command.rest.text, rest);
  });
}
