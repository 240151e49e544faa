import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseCsv } from "../../builder/stages/csv.ts";

const cases: readonly (readonly [text: string, fields: readonly string[] | "wrong"])[] = [
  ["a,b", ["a", "b"]],
  ["a,,b", ["a", "", "b"]],
  ["a", ["a"]],
  ['"a,b",c', ["a,b", "c"]],
  ['"say ""x""",c', ['say "x"', "c"]],
  ['a"b"', "wrong"],
  ['"a', "wrong"],
  ['"a"b', "wrong"],
];

for (const [text, fields] of cases) {
  test(`parseCsv() reads ${text}`, () => {
    const parsed = parseCsv(text);
    if (fields === "wrong") assert.ok("wrong" in parsed);
    else assert.deepEqual(parsed, fields);
  });
}

test("parseCsv() reads back every list of fields that was quoted", () => {
  const field = fc.string().filter((text) => text !== "");
  fc.assert(
    fc.property(fc.array(field, { minLength: 1 }), (fields) => {
      const text = fields.map((one) => `"${one.replaceAll('"', '""')}"`).join(",");
      assert.deepEqual(parseCsv(text), fields);
    }),
  );
});
