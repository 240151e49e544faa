import assert from "node:assert/strict";
import { test } from "node:test";
import { execFormSpans, parseExecForm } from "../../builder/dockerfile/exec-form.ts";

const span = (text: string): { text: string; at: number } => ({ text, at: 0 });

/** BuildKit parser/line_parsers.go parseJSON. */
const CASES: readonly (readonly [string, ReturnType<typeof parseExecForm>])[] = [
  ['["a", "b c"]', { form: "json", values: ["a", "b c"] }],
  ['  ["\\n\\u0041\\"]"]', { form: "json", values: ['\nA"]'] }],
  ["[]", { form: "json", values: [] }],
  ['["\\ud800"]', { form: "json", values: ["\ufffd"] }],
  ['["a",]', { form: "shell", meant: true }],
  ["['a']", { form: "shell", meant: true }],
  ['["a"] && b', { form: "shell", meant: true }],
  ["[ -f /x ] || exit", { form: "shell", meant: false }],
  ["[", { form: "shell", meant: false }],
  ['echo ["a"]', { form: "shell", meant: false }],
  ["[1]", { form: "invalid" }],
  ['["a", null]', { form: "invalid" }],
  ['[["a"]]', { form: "invalid" }],
];

for (const [text, form] of CASES) {
  test(`parseExecForm() reads ${text} as ${form.form}`, () =>
    assert.deepEqual(parseExecForm(span(text)), form));
}

test("execFormSpans() tells where each element stands", () => {
  assert.deepEqual(execFormSpans(span('["a", "\\"]"]')), [
    { text: '"a"', at: 1 },
    { text: '"\\"]"', at: 6 },
  ]);
});
