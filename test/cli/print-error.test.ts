import assert from "node:assert/strict";
import { test } from "node:test";
import type { Diagnostic } from "../../builder/core/diagnostic.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { registerSecret } from "../../builder/core/redact.ts";
import { errorText } from "../../builder/cli/print-error.ts";
import { loadStyle, PLAIN_STYLE } from "../../builder/progress/style.ts";
import { assertGolden } from "../progress/golden.ts";

const source = {
  name: "Dockerfile",
  text: "FROM debian:12\nRUNN make\nRUN make \\\n    install\nCMD ./app\n",
};
const unknown: Diagnostic = {
  severity: "error",
  rule: "UnknownInstruction",
  message: 'Unknown instruction "RUNN"',
  range: { start: { line: 1, column: 0 }, end: { line: 1, column: 4 } },
  source,
  reason: "a Dockerfile has a fixed set of instructions",
  fix: 'write "RUN"',
};
const step: Diagnostic = {
  severity: "error",
  rule: "RunFailed",
  message: 'Cannot run "make install": exit code 2',
  range: { start: { line: 2, column: 0 }, end: { line: 3, column: 11 } },
  source,
};

const ERRORS = [
  new TsbuildError("DOCKERFILE_INVALID", "Cannot build the Dockerfile: it has an error", {
    diagnostics: [unknown],
  }),
  new TsbuildError("RUN_FAILED", 'Cannot run "make install": exit code 2', {
    diagnostics: [step],
    output: ["make: *** No rule to make target 'install'.\x1b[2J  Stop."],
    exitCode: 2,
    hint: "the command's own messages are above\nto look around where it failed: tsbuild shell",
  }),
  new TsbuildError("RUN_FAILED", 'Cannot run "make": it failed', { exitCode: 2 }),
  new TsbuildError("NETWORK", "Cannot reach registry.example.com: connection refused", {
    hint: "is it running?",
  }),
  Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }),
  new TypeError("x is not a function"),
  "thrown text",
];

test("errorText() explains", () => {
  const texts = ERRORS.map((error) => errorText(error, PLAIN_STYLE, false, Infinity));
  assertGolden("cli/golden/errors.txt", texts.join("\n==========\n\n"));
});

test("errorText() fits a narrow terminal: sentences by words, lines of the Dockerfile with what is wrong in view", () => {
  const text = `RUN ${"echo one more word; ".repeat(5)}RUNN x ${"and so on ".repeat(5)}\n`;
  const start = text.indexOf("RUNN");
  const found: Diagnostic = {
    ...unknown,
    source: { name: "Dockerfile", text: `FROM ${"a-very-long-name/".repeat(3)}\n${text}` },
    range: { start: { line: 1, column: start }, end: { line: 1, column: start + 4 } },
  };
  const error = new TsbuildError(
    "DOCKERFILE_INVALID",
    "Cannot build: this has a sentence of many words about it",
    {
      diagnostics: [
        found,
        { ...found, range: { start: { line: 1, column: 0 }, end: { line: 1, column: 150 } } },
      ],
    },
  );
  assertGolden("cli/golden/errors-narrow.txt", errorText(error, PLAIN_STYLE, false, 44));
});

test("errorText() shows no stack trace unless asked", () => {
  for (const error of ERRORS) assert.doesNotMatch(errorText(error, PLAIN_STYLE, false, Infinity), /\n +at /);
  assert.match(errorText(ERRORS[5], PLAIN_STYLE, true, Infinity), /\n +at /);
});

test("errorText() hides secrets in stack traces too", () => {
  registerSecret("hunter2-token");
  const text = errorText(new Error("bad header hunter2-token"), PLAIN_STYLE, true, Infinity);
  assert.doesNotMatch(text, /hunter2/);
});

test("errorText() colours on a terminal", async () => {
  const text = errorText(ERRORS[0], await loadStyle({}, true), false, Infinity);
  assert.match(text, /\x1b\[31m.*>>> RUNN make/);
  assert.match(text, /\x1b\[31m\x1b\[1merror:/);
});
