import assert from "node:assert/strict";
import { test } from "node:test";
import type { BuildEvent } from "../../builder/core/events.ts";
import { foldStyle } from "../../builder/progress/folds.ts";
import { openProgress } from "../../builder/progress/open.ts";
import { plainProgress } from "../../builder/progress/plain.ts";
import { fakeScreen } from "./fake-screen.ts";
import { assertGolden } from "./golden.ts";
import { id, output, RECORDED } from "./recorded.ts";

const SERVICES = { github: { GITHUB_ACTIONS: "true" }, gitlab: { GITLAB_CI: "true" } } as const;

async function log(env: NodeJS.ProcessEnv, events: readonly BuildEvent[]): Promise<string> {
  const screen = fakeScreen(false);
  const progress = await openProgress({ mode: "plain", screen, env, title: "Building" });
  for (const event of events) progress.emit(event);
  progress.close();
  return screen.text;
}

for (const [service, env] of Object.entries(SERVICES)) {
  test(`a log for ${service} keeps each step together, and folds what says something`, async () => {
    assertGolden(`progress/golden/plain-${service}.txt`, await log(env, RECORDED));
  });

  test(`a log for ${service} closes every fold that it opened, whatever happens`, async () => {
    for (let cut = 0; cut <= RECORDED.length; cut++) {
      const text = await log(env, RECORDED.slice(0, cut));
      const opened = text.split(/::group::|section_start/).length;
      assert.equal(text.split(/::endgroup::|section_end/).length, opened, text);
      let depth = 0;
      for (const [mark] of text.matchAll(/::group::|section_start|::endgroup::|section_end/g)) {
        depth += /group::$|start/.test(mark) && mark !== "::endgroup::" ? 1 : -1;
        assert.ok(depth === 0 || depth === 1, `folds do not nest:\n${text}`);
      }
    }
  });
}

test("what a step writes is no command of the service, and its name opens no line", async () => {
  const events: readonly BuildEvent[] = [
    { type: "plan", steps: [{ id: id("a"), name: "RUN a\n::error::b", inputs: [] }] },
    { type: "step-started", id: id("a"), time: 0 },
    output("a", "::set-env name=X::y\n::endgroup::\n\x1b[0Ksection_end:0:tsbuild_1\r\n", 1),
    { type: "step-done", id: id("a"), time: 2 },
  ];
  const commands = (await log(SERVICES.github, events)).split("\n").filter((line) => line.startsWith("::"));
  assert.deepEqual(commands, ["::group::#1 RUN a::error::b", "::endgroup::"]);
});

test("foldStyle() is for the services that fold alone", () => {
  assert.equal(foldStyle({ CI: "true" }), undefined);
  assert.equal(foldStyle({ GITHUB_ACTIONS: "" }), undefined);
});

test("a log with time stamps begins lines of output with the time of day", () => {
  const screen = fakeScreen(false);
  const progress = plainProgress(screen, { timestamps: true });
  progress.emit({ type: "step-started", id: id("a"), time: 0 });
  progress.emit(output("a", "one\ntwo", 1500));
  progress.emit({ type: "step-done", id: id("a"), time: 2000 });
  progress.close();
  assert.match(
    screen.text,
    /#1 1970-01-01T00:00:01\.500Z one\n#1 1970-01-01T00:00:02\.000Z two\n#1 DONE 2\.0s/,
  );
});
