import assert from "node:assert/strict";
import { test } from "node:test";
import type { Emit } from "../../builder/core/events.ts";
import { reportPage } from "../../builder/report/page.ts";
import { ReportRecorder } from "../../builder/report/recorder.ts";
import type { Report } from "../../builder/report/types.ts";
import { assertGolden } from "../progress/golden.ts";
import { id, output, RECORDED } from "../progress/recorded.ts";

const ignore: Emit = () => undefined;

function reportOf(events: Parameters<Emit>[0][], more: Partial<Report> = {}): Report {
  const recorder = new ReportRecorder();
  const heard = recorder.watching(ignore);
  for (const event of events) heard(event);
  const { warnings, work } = recorder;
  return {
    title: "Build of app:latest",
    started: 1_700_000_000_000,
    ended: 1_700_000_002_200,
    facts: [["Image", "app:latest"]],
    warnings,
    steps: recorder.steps(),
    work,
    ...more,
  };
}

test("reportPage() shows a build", () => {
  assertGolden("report/golden/report.html", reportPage(reportOf([...RECORDED])));
});

test("reportPage() takes names, logs and reasons as text and never as markup", () => {
  const evil = `<img src=x onerror="alert(1)">'&\x1b[2J</script>`;
  const page = reportPage(
    reportOf(
      [
        { type: "plan", steps: [{ id: id("a"), name: evil, inputs: [], stage: evil }] },
        { type: "step-started", id: id("a"), time: 1_700_000_000_000 },
        { type: "step-explained", id: id("a"), words: [evil], reasons: [], time: 1_700_000_000_000 },
        output("a", `${evil}\n`, 1_700_000_000_100),
        { type: "transfer", task: "t", label: evil, current: 1, done: true, time: 1_700_000_000_200 },
        { type: "warning", message: evil },
        { type: "step-failed", id: id("a"), message: evil, time: 1_700_000_000_300 },
      ],
      { title: evil, facts: [[evil, evil]], failure: evil },
    ),
  );
  assert.doesNotMatch(page, /<img|\x1b/);
  assert.equal(page.split("<script>").length, 2);
  assert.equal(page.split("</script>").length, 2);
});

test("a report keeps the end of a long log, and says how much is left out", () => {
  const lines = Array.from({ length: 300 }, (_, index) => output("a", `${index} ${"x".repeat(4000)}\n`, 5));
  const [step] = reportOf([
    { type: "plan", steps: [{ id: id("a"), name: "RUN a", inputs: [] }] },
    { type: "step-started", id: id("a"), time: 1 },
    ...lines,
    { type: "step-done", id: id("a"), time: 9 },
  ]).steps;
  assert.ok(step);
  assert.match(step.log, /\n299 x+\n$/);
  assert.equal(step.log.length, 256 << 10);
  const written = lines.reduce(
    (sum, event) => sum + (event.type === "step-output" ? event.data.length : 0),
    0,
  );
  assert.equal(step.logCut + step.log.length, written);
});
