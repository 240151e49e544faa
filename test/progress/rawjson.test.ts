import assert from "node:assert/strict";
import { test } from "node:test";
import { TsbuildError } from "../../builder/core/errors.ts";
import type { VertexId } from "../../builder/core/events.ts";
import { sha256 } from "../../builder/core/digest.ts";
import { errorLine, rawJsonProgress } from "../../builder/progress/rawjson.ts";

const id = sha256("step") as VertexId;
const diagnostic = {
  severity: "warning",
  rule: "UndefinedVar",
  message: "m",
  range: { start: { line: 1, column: 2 }, end: { line: 1, column: 4 } },
  source: { name: "Dockerfile", text: "FROM a\nENV b=$c" },
  fix: "f",
} as const;

test("rawJsonProgress() writes each event as one line, and nothing after its end", () => {
  let out = "";
  const progress = rawJsonProgress({ write: (text) => void (out += text) }, () => 7);
  progress.emit({ type: "step-output", id, stream: "stdout", data: Buffer.from([0xff, 0x0a]), time: 1 });
  progress.emit({ type: "warning", message: "m", diagnostic });
  progress.emit({ type: "notice", message: "two\nlines" });
  progress.close();
  progress.emit({ type: "notice", message: "late" });
  const { source: _, ...rest } = diagnostic;
  assert.deepEqual(
    out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
    [
      { type: "start", format: 1, time: 7 },
      { type: "step-output", id, stream: "stdout", data: "/wo=", time: 1 },
      { type: "warning", message: "m", diagnostic: { file: "Dockerfile", ...rest }, time: 7 },
      { type: "notice", message: "two\nlines", time: 7 },
    ],
  );
});

test("errorLine() has all that an error knows, without the text of the Dockerfile", () => {
  const error = new TsbuildError("RUN_FAILED", "Cannot run", {
    exitCode: 3,
    output: ["a"],
    diagnostics: [diagnostic],
  });
  const line = JSON.parse(errorLine(error, 9)) as Record<string, unknown>;
  assert.deepEqual(
    [line["type"], line["code"], line["exitCode"], line["output"], line["time"]],
    ["error", "RUN_FAILED", 3, ["a"], 9],
  );
  assert.ok(!errorLine(error, 9).includes("FROM a"));
  assert.match(errorLine(new Error("https://u:p@host/ is down"), 9), /"code":"INTERNAL"/);
});
