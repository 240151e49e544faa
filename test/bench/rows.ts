import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command, inTurns } from "./measure.ts";
import { FILES, makeFiles } from "./many-files.ts";
import { buildArgs, contextWith, must, row, type Bench, type Row } from "./row.ts";

const STEPS = 30;

/** A build of which every step is in the cache, against an interpreter that does nothing. */
export async function cachedRebuild(bench: Bench): Promise<Row> {
  const context = contextWith(
    bench,
    "cached",
    'FROM base\nWORKDIR /app\nCOPY a.txt b.txt ./\nRUN read a < a.txt; echo $a > c.txt\nENV A=1\nRUN read c < c.txt; echo $c\nCMD ["node"]\n',
  );
  writeFileSync(join(context, "a.txt"), "a\n");
  writeFileSync(join(context, "b.txt"), "b\n");
  const build = learnt(() => bench.tsbuild(buildArgs(bench, "cached", context)));
  const [floorMs, ours] = await inTurns(bench.rounds * 3, [
    { run: () => command([process.execPath, "-e", "0"]) },
    { run: build },
  ]);
  return row("every step cached, small context", "node -e 0", floorMs, ours, 1.35);
}

/** The same with many files, none of which changed, against an interpreter that looks at each of them once. */
export async function cachedManyFiles(bench: Bench): Promise<Row> {
  const context = contextWith(bench, "many-cached", "FROM scratch\nCOPY files /files\n");
  const files = join(context, "files");
  makeFiles(files);
  const build = learnt(() => bench.tsbuild(["build", "-q", "-t", "many-cached", context]));
  const look = `const { lstatSync, readdirSync } = require("node:fs");
    for (const folder of readdirSync(".")) for (const file of readdirSync(folder)) lstatSync(folder + "/" + file);`;
  const [floorMs, ours] = await inTurns(bench.rounds, [
    { run: () => command([process.execPath, "-e", look], process.env, files) },
    { run: build },
  ]);
  rmSync(files, { recursive: true });
  return row(`every step cached, ${FILES} files`, "node and one lstat each", floorMs, ours, 1.5);
}

/** The first build runs the steps, the second leaves the code that it compiled, the third is like all that follow. */
function learnt(build: () => void): () => void {
  for (let time = 0; time < 3; time++) build();
  return build;
}

/** Trivial RUN steps, all included, less what the same build costs without them. */
export async function trivialSteps(bench: Bench): Promise<Row> {
  const one = contextWith(bench, "one-step", trivialLines(1));
  const many = contextWith(bench, "many-steps", trivialLines(STEPS + 1));
  bench.tsbuild(buildArgs(bench, "one-step", one));
  const [without, ours] = await inTurns(bench.rounds, [
    { run: () => bench.tsbuild(["build", "--no-cache", ...buildArgs(bench, "one-step", one).slice(1)]) },
    { run: () => bench.tsbuild(["build", "--no-cache", ...buildArgs(bench, "many-steps", many).slice(1)]) },
  ]);
  const step = ((ours?.median ?? 0) - (without?.median ?? 0)) / STEPS;
  return {
    name: `${STEPS} trivial RUN steps`,
    floor: "the same build with one",
    floorMs: must(without),
    ours: must(ours),
    ratio: step,
    unit: "ms a step",
    budget: 15,
  };
}

function trivialLines(count: number): string {
  return `FROM base\n${Array.from({ length: count }, (_, index) => `RUN : ${index}\n`).join("")}`;
}
