import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { expandHeredoc, expandWord, expandWords, ExpansionError } from "../../builder/dockerfile/expand.ts";

const VARIABLES: ReadonlyMap<string, string> = new Map([
  ["A", "alpha"],
  ["EMPTY", ""],
  ["PATHS", "/usr/local/bin:/usr/bin:/bin"],
  ["FILE", "archive.tar.gz"],
  ["LIST", "80 443"],
  ["STARS", "a***yy*"],
  ["LINES", "one\ntwo"],
  ["한국", "어"],
]);
const lookup = (name: string): string | undefined => VARIABLES.get(name);
const words = (raw: string): readonly string[] => expandWords(raw, lookup, { escape: "\\" }).values;
const expand = (raw: string, escape: "\\" | "`" = "\\"): string => expandWord(raw, lookup, { escape }).value;

/** BuildKit's frontend/dockerfile/shell/lex.go decides each of these. */
const VALUES: readonly (readonly [raw: string, value: string])[] = [
  ["plain", "plain"],
  ["two words", "two words"],
  ["$A", "alpha"],
  ["${A}", "alpha"],
  ["x$A-y", "xalpha-y"],
  ["$A_", ""],
  ["$NONE.", "."],
  ["$한국", "어"],
  ["$", "$"],
  ["$.", "$."],
  ["$12x", "x"],
  ["$@$*$#$?$-$$$!$0", ""],
  ["${A-d}${NONE-d}${EMPTY-d}", "alphad"],
  ["${A:-d}${NONE:-d}${EMPTY:-d}", "alphadd"],
  ["${A+d}${NONE+d}${EMPTY+d}", "dd"],
  ["${A:+d}${NONE:+d}${EMPTY:+d}", "d"],
  ["${A?m}${EMPTY?m}${A:?m}", "alphaalpha"],
  ["${NONE:-${NONE-${A}}}", "alpha"],
  ["${NONE:-'a}b'}", "a}b"],
  ['${NONE:-"x $A"}', "x alpha"],
  ["${NONE:-\\}}", "}"],
  ["${PATHS#*/}", "usr/local/bin:/usr/bin:/bin"],
  ["${PATHS##*/}", "bin"],
  ["${PATHS%:*}", "/usr/local/bin:/usr/bin"],
  ["${PATHS%%:*}", "/usr/local/bin"],
  ["${FILE%.*}", "archive.tar"],
  ["${FILE%%.*}", "archive"],
  ["${FILE#????}", "ive.tar.gz"],
  ["${FILE#x}${FILE%x}", "archive.tar.gzarchive.tar.gz"],
  ["${FILE#}", "archive.tar.gz"],
  ["${FILE#*}", "archive.tar.gz"],
  ["${FILE##*}", ""],
  ["${STARS%%\\**\\*}", "a"],
  ["${STARS#?\\*}", "**yy*"],
  ["${NONE#x}", ""],
  ["${A/a/X}", "Xlpha"],
  ["${A//a/X}", "XlphX"],
  ["${A//a/}", "lph"],
  ["${PATHS//\\//_}", "_usr_local_bin:_usr_bin:_bin"],
  ["${PATHS//:*/!}", "/usr/local/bin!"],
  ["${A//?/x}", "xxxxx"],
  ["${A//*/x}", "x"],
  ["${LINES//*/x}", "x\nx"],
  ["${LINES#*e}", "\ntwo"],
  ["${LINES#*w}", "one\ntwo"],
  ["${A/$EMPTY/x}", "xalpha"],
  ["${A/[a]/x}", "alpha"],
  ["'$A'", "$A"],
  ['"$A"', "alpha"],
  [`"it's $A"`, "it's alpha"],
  ["'a\\b'", "a\\b"],
  ['"\\"\\$\\\\\\n"', '"$\\\\n'],
  ["\\$A", "$A"],
  ["a\\nb", "anb"],
  ["\\'x\\'", "'x'"],
  ["end\\", "end"],
  ["\\😀", "😀"],
];

for (const [raw, value] of VALUES) {
  test(`expandWord() gives ${JSON.stringify(value)} for ${raw}`, () => assert.equal(expand(raw), value));
}

const FAILURES: readonly (readonly [raw: string, reason: RegExp])[] = [
  ["${NONE?}", /NONE: is not allowed to be unset/],
  ["${EMPTY:?}", /EMPTY: is not allowed to be empty/],
  ["${NONE:?say $A}", /NONE: say alpha/],
  ["${A:#x}", /":#" is not a modifier/],
  ["${A:%x}", /":%" is not a modifier/],
  ["${A=x}", /"=" is not a modifier/],
  ["${A:=x}", /":=" is not a modifier/],
  ["${A:0:2}", /":0" is not a modifier/],
  ["${A^}", /"\^" is not a modifier/],
  ["${#A}", /"A" is not a modifier/],
  ["${}", /bad substitution/],
  ["${{A}", /bad substitution/],
  ["${A", /"}" is missing/],
  ["${", /"}" is missing/],
  ["${A:-x", /"}" is missing/],
  ["${A//x}", /"\/" is missing/],
  ["${A#\\x}", /invalid escape/],
  ["'open", /single quote is not closed/],
  ['"open', /double quote is not closed/],
  ["${A:-".repeat(200), /nested more than 100 times/],
];

for (const [raw, reason] of FAILURES) {
  test(`expandWord() fails for ${raw.slice(0, 40)}`, () => {
    assert.throws(
      () => expand(raw),
      (error) => error instanceof ExpansionError && reason.test(error.message) && reason.test(error.reason),
    );
  });
}

test("expandWord() escapes with a backtick when the directive says so", () => {
  assert.equal(expand("C:\\dir`$A\\$A", "`"), "C:\\dir$A\\alpha");
});

test("expandWord() names the variables that are not set, each once, those with a default too", () => {
  assert.deepEqual(expandWord("$X ${A} ${Y:-$X}", lookup, { escape: "\\" }).unset, ["X", "Y"]);
});

test("expandWords() splits after variables are put in, but not inside quotes", () => {
  assert.deepEqual(words("$LIST"), ["80", "443"]);
  assert.deepEqual(words("1${LIST}2"), ["180", "4432"]);
  assert.deepEqual(words('"$LIST" x'), ["80 443", "x"]);
  assert.deepEqual(words("a\\ b ''"), ["a b"]);
  assert.deepEqual(words("$EMPTY"), []);
});

test("expandHeredoc() leaves quotes alone and escapes with a backslash", () => {
  const body = `a='$A' "\${NONE:-"q"}" \\$A it's\n`;
  assert.equal(expandHeredoc(body, lookup).value, `a='alpha' ""q"" $A it's\n`);
});

test("a value that grows without end is an error and not a crash", () => {
  const huge = "x".repeat(1024 * 1024);
  const grow = (raw: string): string => expandWord(raw, () => huge, { escape: "\\" }).value;
  assert.throws(() => grow("$A".repeat(100)), ExpansionError);
  assert.throws(() => grow(`"${"$A".repeat(100)}"`), ExpansionError);
  assert.throws(() => grow("${A//x/$A}"), ExpansionError);
});

test("a pattern that would take forever is an error", () => {
  const value = "a".repeat(100_000);
  const pattern = `${"a".repeat(5000)}b`;
  assert.throws(() => expandWord(`\${A//*${pattern}/x}`, () => value, { escape: "\\" }), /takes too long/);
});

test("quoted text of any kind expands to itself", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(expand(text.replace(/[\\$'"]/g, "\\$&")), text);
      assert.equal(expand(`"${text.replace(/[\\$"]/g, "\\$&")}"`), text);
    }),
  );
});

test("prefix and suffix removal agree with a regular expression", () => {
  const pattern = fc
    .array(fc.constantFrom("a", "b", "*", "?"), { maxLength: 6 })
    .map((parts) => parts.join(""));
  const value = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(pattern, value, (text, input) => {
      const run = (operator: string): string =>
        expandWord(`\${V${operator}${text}}`, () => input, { escape: "\\" }).value;
      fc.pre(!text.startsWith("#") && !text.startsWith("%"));
      assert.equal(run("#"), input.replace(new RegExp(`^${regex(text, ".*?")}`), ""));
      assert.equal(run("##"), input.replace(new RegExp(`^${regex(text, ".*")}`), ""));
      const shortest = [...Array(input.length + 1).keys()]
        .reverse()
        .find((at) => new RegExp(`^${regex(text, ".*")}$`).test(input.slice(at)));
      assert.equal(run("%"), input.slice(0, shortest ?? input.length));
    }),
  );
});

/** The same pattern for JavaScript's engine. */
function regex(text: string, star: string): string {
  return text.replace(/[*?]/g, (char) => (char === "*" ? star : "."));
}
