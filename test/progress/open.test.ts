import assert from "node:assert/strict";
import { test } from "node:test";
import { openProgress } from "../../builder/progress/open.ts";
import { loadStyle, PLAIN_STYLE, stripStyle, wantsColour } from "../../builder/progress/style.ts";
import { formatBytes, formatSeconds } from "../../builder/core/units.ts";
import type { ProgressMode } from "../../builder/progress/types.ts";
import { fakeScreen } from "./fake-screen.ts";
import { RECORDED } from "./recorded.ts";

test("openProgress() is live on a terminal, a log elsewhere, and silent when asked", async () => {
  const table: readonly (readonly [ProgressMode, boolean, NodeJS.ProcessEnv, RegExp])[] = [
    ["auto", true, {}, /^\x1b\[\?2026h/],
    ["auto", true, { CI: "true" }, /^#1 \[internal\]/],
    ["auto", true, { CI: "false" }, /^\x1b\[\?2026h/],
    ["auto", true, { TERM: "dumb" }, /^#1 /],
    ["auto", false, {}, /^#1 /],
    ["plain", true, {}, /^#1 /],
    ["tty", true, { CI: "true" }, /^\x1b\[\?2026h/],
    ["quiet", true, {}, /^$/],
  ];
  for (const [mode, isTTY, env, begins] of table) {
    const screen = fakeScreen(isTTY);
    const progress = await openProgress({ mode, screen, env, title: "Building" });
    for (const event of RECORDED) progress.emit(event);
    progress.close();
    assert.match(screen.text, begins, `${mode} ${isTTY} ${JSON.stringify(env)}`);
  }
});

test("wantsColour() obeys FORCE_COLOR, then NO_COLOR, then the terminal", () => {
  const table: readonly (readonly [NodeJS.ProcessEnv, boolean, boolean])[] = [
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ TERM: "dumb" }, true, false],
  ];
  for (const [env, isTTY, wants] of table) assert.equal(wantsColour(env, isTTY), wants, JSON.stringify(env));
});

test("loadStyle() colours without changing the text", async () => {
  assert.equal(await loadStyle({}, false), PLAIN_STYLE);
  const style = await loadStyle({}, true);
  assert.equal(style.red("x"), "\x1b[31mx\x1b[39m");
  for (const paint of Object.values(style)) assert.equal(stripStyle(paint("text")), "text");
});

test("formatBytes() prints docker's units", () => {
  const table: readonly (readonly [number, string])[] = [
    [0, "0B"],
    [999, "999B"],
    [1000, "1kB"],
    [1234, "1.23kB"],
    [12_345, "12.3kB"],
    [77_800_000, "77.8MB"],
    [999_600, "1MB"],
    [1_500_000_000, "1.5GB"],
  ];
  for (const [bytes, text] of table) assert.equal(formatBytes(bytes), text);
});

test("formatSeconds() takes a clock that went backwards", () => {
  assert.equal(formatSeconds(-5), "0.0s");
  assert.equal(formatSeconds(75_249), "75.2s");
});
