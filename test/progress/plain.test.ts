import assert from "node:assert/strict";
import { test } from "node:test";
import { plainProgress } from "../../builder/progress/plain.ts";
import { fakeScreen } from "./fake-screen.ts";
import { RECORDED } from "./recorded.ts";

test("plainProgress() logs a build step by step", () => {
  const screen = fakeScreen(false);
  const progress = plainProgress(screen);
  for (const event of RECORDED) progress.emit(event);
  progress.close();
  assert.ok(screen.text);
});
