import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBaseImage } from "../../fixtures/base-image.ts";
import { removeTree } from "../../fixtures/remove-tree.ts";
import { projectRoot } from "../support/project.ts";
import { command } from "./measure.ts";
import { checkAgain, checkChanged } from "./check-rows.ts";
import { copyManyFiles, copyOneChanged, copyThenRun } from "./copy-rows.ts";
import type { Bench, Row } from "./row.ts";
import { cachedManyFiles, cachedRebuild, trivialSteps } from "./rows.ts";

/*
 * `npm run bench [-- --rounds N] [--json]`: how long builds take, as a ratio to what the machine must do at least. Nothing
 * here passes or fails: a slow machine has slow floors.
 */

const json = process.argv.includes("--json");
const roundsAt = process.argv.indexOf("--rounds");
const directory = mkdtempSync(join(tmpdir(), "tsbuild-bench-"));
try {
  const env = { ...process.env, TSBUILD_ROOT: join(directory, "store") };
  const cli = join(projectRoot, "dist/bin/tsbuild.cjs");
  const bench: Bench = {
    directory,
    baseLayout: join(directory, "base"),
    rounds: roundsAt < 0 ? 5 : Number(process.argv[roundsAt + 1]),
    tsbuild: (args) => command([process.execPath, cli, ...args], env),
  };
  mkdirSync(bench.baseLayout);
  await makeBaseImage(bench.baseLayout, "base");
  const rows: Row[] = [];
  for (const measure of [
    cachedRebuild,
    cachedManyFiles,
    checkAgain,
    checkChanged,
    trivialSteps,
    copyManyFiles,
    copyThenRun,
    copyOneChanged,
  ]) {
    process.stderr.write(`measuring ${measure.name}\n`);
    rows.push(await measure(bench));
  }
  process.stdout.write(json ? `${JSON.stringify(rows, null, 2)}\n` : table(rows));
} finally {
  await removeTree(directory);
}

function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.name,
    `${row.ours.median.toFixed(0)} ms (${row.ours.min.toFixed(0)}–${row.ours.max.toFixed(0)})`,
    `${row.floorMs.median.toFixed(0)} ms`,
    row.floor,
    `${row.ratio.toFixed(2)} ${row.unit}`,
    `${row.budget} ${row.unit}`,
  ]);
  const head = ["work", "tsbuild", "floor", "which is", "measured", "budget"];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const text = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return `${[head, ...lines].map(text).join("\n")}\n`;
}
