import assert from "node:assert/strict";
import { test } from "node:test";
import { explanationText } from "../../builder/cli/commands/build/explain.ts";
import { hexOf } from "../../builder/core/digest.ts";
import { explainJournal } from "../../builder/explain/explanation.ts";
import { addTombstones } from "../../builder/store/tombstones.ts";
import { DryBuilds, type DryBuild } from "../support/dry-builds.ts";
import { assertGolden } from "../progress/golden.ts";
import { SCENES } from "./scenes.ts";

const NOW = Date.UTC(2026, 0, 2, 12);
const HOUR = 3_600_000;

/** A journal as two builds leave it, the second of them an hour ago. */
async function explain(
  builds: DryBuilds,
  before: DryBuild,
  after: DryBuild,
): Promise<ReturnType<typeof explainJournal>> {
  const was = { time: NOW - 2 * HOUR, steps: await builds.build(before) };
  return explainAfter(builds, was, after);
}

async function explainAfter(
  builds: DryBuilds,
  before: Parameters<typeof explainJournal>[0]["before"],
  after: DryBuild,
): Promise<ReturnType<typeof explainJournal>> {
  const last = { time: NOW - HOUR, steps: await builds.build(after) };
  const place = { context: "/work", dockerfile: "", target: "", platform: "" };
  const journal = { place, last, fingerprint: "sha256:" as never, touched: NOW - HOUR };
  return explainJournal({ ...journal, ...(before && { before }) }, builds.store);
}

test("explainJournal() gives for each change the reasons of golden/reasons.txt", async (t) => {
  const texts: string[] = [];
  const json: Record<string, unknown> = {};
  for (const { what, before, after } of SCENES) {
    await t.test(what, async () => {
      using builds = new DryBuilds();
      const explanation = await explain(builds, before, after);
      texts.push(`=== ${what}\n${explanationText(explanation, NOW)}`);
      json[what] = explanation.steps.map(({ step, outcome, reasons }) => ({ step, outcome, reasons }));
    });
  }
  assertGolden("explain/golden/reasons.txt", texts.join("\n"));
  assertGolden("explain/golden/reasons.json", `${JSON.stringify(json, undefined, 2)}\n`);
});

const SIMPLE: DryBuild = { dockerfile: "FROM debian\nRUN one\nRUN two\n" };

/** Reasons in words, step by step. */
function words(explanation: ReturnType<typeof explainJournal>): readonly string[] {
  return explanationText(explanation, NOW)
    .split("\n")
    .filter((line) => line.startsWith("  "))
    .map((line) => line.trim());
}

test("explainJournal() says that layers are gone, and that records were pruned or removed", async () => {
  using builds = new DryBuilds();
  const steps = await builds.build(SIMPLE);
  const before = { time: NOW, steps };
  builds.loseLayers();
  const gone = "the layers of its record are gone from the store";
  assert.deepEqual(words(await explainAfter(builds, before, SIMPLE)), [gone, gone]);

  const keys = steps.flatMap(({ key }) => key ?? []);
  const drop = async (): Promise<void> => {
    const { rmSync } = await import("node:fs");
    for (const key of keys) rmSync(builds.store.path("records", hexOf(key)), { force: true });
  };
  await drop();
  const removed = "no record: it was removed from the store";
  assert.deepEqual(words(await explainAfter(builds, before, SIMPLE)), [removed, removed]);
  await drop();
  addTombstones(builds.store, keys.slice(-1), NOW - 2 * HOUR);
  assert.deepEqual(words(await explainAfter(builds, before, SIMPLE)), [removed, "no record: pruned 2 h ago"]);
  await drop();
  const first = await explainAfter(builds, undefined, SIMPLE);
  assert.deepEqual(words(first), ["never built here", "no record: pruned 2 h ago"]);
});

test("explainJournal() says of steps that ran on purpose why, and of those after them which it was", async () => {
  using builds = new DryBuilds();
  const forced = await explain(builds, SIMPLE, { ...SIMPLE, noCache: true });
  const asked = "the cache was not asked: --no-cache";
  assert.deepEqual(words(forced), [asked, asked]);
  const filtered = await explain(builds, SIMPLE, { ...SIMPLE, noCache: true, byStage: true });
  assert.deepEqual(words(filtered)[0], "the cache was not asked: --no-cache-filter stage-0");
  const [first, second] = words(await explain(builds, SIMPLE, { ...SIMPLE, cacheTtl: -1 }));
  assert.match(first ?? "", /^its record is too old: made .* ago, --cache-ttl allows less$|just now/);
  assert.equal(second, "its input was made anew: [2/3] RUN one");
});

test("explainJournal() says what came of the build before where that did not end well", async () => {
  using builds = new DryBuilds();
  const failed = { ...SIMPLE, fails: "RUN one" };
  const again = await explain(builds, failed, SIMPLE);
  assert.deepEqual(words(again), [
    "it failed in the build before",
    "the build before did not get as far as this",
  ]);
  const twice = await explain(
    builds,
    { ...SIMPLE, noCache: true, fails: "RUN one" },
    { ...SIMPLE, noCache: true },
  );
  assert.equal(words(twice)[0], "the cache was not asked: --no-cache");
});
