import assert from "node:assert/strict";
import { test } from "node:test";
import type { Diagnostic } from "../../builder/core/diagnostic.ts";
import type { BuildEvent } from "../../builder/core/events.ts";
import { liveProgress } from "../../builder/progress/live.ts";
import { plainProgress } from "../../builder/progress/plain.ts";
import { PLAIN_STYLE } from "../../builder/progress/style.ts";
import type { Progress, Screen } from "../../builder/progress/types.ts";
import { warningsText } from "../../builder/progress/warnings.ts";
import { fakeScreen } from "./fake-screen.ts";
import { id, output } from "./recorded.ts";

const WARNING: Diagnostic = {
  severity: "warning",
  rule: "UndefinedVar",
  message: 'Usage of undefined variable "$c"',
  range: { start: { line: 1, column: 6 }, end: { line: 1, column: 8 } },
  source: { name: "Dockerfile", text: "FROM a\nENV b=$c\n" },
  fix: 'did you mean "$d"?',
};
const FRAME = `Dockerfile:2
--------------------
 1 |     FROM a
 2 | >>> ENV b=$c
   |           ^^
--------------------
warning: UndefinedVar: Usage of undefined variable "$c"
fix: did you mean "$d"?

`;

const DISPLAYS: Readonly<Record<string, (screen: Screen) => Progress>> = {
  plainProgress,
  liveProgress: (screen) => liveProgress({ screen, title: "Building", style: PLAIN_STYLE }),
};

for (const [name, open] of Object.entries(DISPLAYS)) {
  test(`${name}() shows a warning about the Dockerfile once, at the end, with its lines`, () => {
    const screen = fakeScreen(name === "liveProgress");
    const progress = open(screen);
    const events: readonly BuildEvent[] = [
      { type: "warning", message: WARNING.message, diagnostic: WARNING },
      { type: "step-started", id: id("a"), time: 0 },
      output("a", "hello\n", 10),
      { type: "step-done", id: id("a"), time: 20 },
    ];
    for (const event of events) progress.emit(event);
    assert.doesNotMatch(screen.text, /undefined variable/);
    progress.close();
    assert.ok(screen.text.endsWith(FRAME), screen.text);
    progress.close();
    assert.equal(screen.text.split(WARNING.message).length, 2);
  });
}

test("warningsText() shows ten warnings and counts the others", () => {
  const text = warningsText(
    Array.from({ length: 12 }, () => WARNING),
    PLAIN_STYLE,
    Infinity,
  );
  assert.equal(text, `${FRAME.repeat(10)}2 more warnings: --check shows all of them\n\n`);
  assert.equal(warningsText([], PLAIN_STYLE, Infinity), "");
});
