import { closeSync, mkdirSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { command, inTurns, type Sample } from "./measure.ts";

/** One line of the table: a piece of work, the floor that it is held against, and the budget. */
export interface Row {
  readonly name: string;
  readonly floor: string;
  readonly floorMs: Sample;
  readonly ours: Sample;
  /** `ours` / `floor`, or milliseconds a step where the budget is one. */
  readonly ratio: number;
  readonly unit: "×" | "ms a step";
  readonly budget: number;
}

export interface Bench {
  readonly directory: string;
  /** Runs our command line. */
  tsbuild(args: readonly string[]): void;
  readonly baseLayout: string;
  readonly rounds: number;
}

const STEPS = 30;
const FILES = 20_000;
const FILE_SIZE = 10_000;
const HASH_BLOCK = 1 << 20;

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

/** COPY of many files into an empty image, against tar of them and a hash of that. */
export async function copyManyFiles(bench: Bench): Promise<Row> {
  const context = contextWith(bench, "many-files", "FROM scratch\nCOPY files /files\n");
  makeFiles(join(context, "files"));
  const archive = join(bench.directory, "floor.tar");
  const store = join(bench.directory, "store");
  const [floorMs, ours] = await inTurns(bench.rounds, [
    {
      prepare: () => rmSync(archive, { force: true }),
      run() {
        command(["tar", "-C", context, "-cf", archive, "files"]);
        hashFile(archive);
      },
    },
    {
      prepare() {
        for (const part of ["records", "context", "blobs", "layers", "indexes"])
          rmSync(join(store, part), { recursive: true, force: true });
      },
      run: () => bench.tsbuild(["build", "-q", "-t", "many-files", context]),
    },
  ]);
  rmSync(archive, { force: true });
  return row(
    `COPY of ${FILES} files, ${(FILES * FILE_SIZE) / 1e6} MB, cold`,
    "tar to a file + sha256",
    floorMs,
    ours,
    1.8,
  );
}

function buildArgs({ baseLayout }: Bench, name: string, context: string): string[] {
  return ["build", "-q", "-t", name, "--build-context", `base=oci-layout://${baseLayout}`, context];
}

function contextWith({ directory }: Bench, name: string, dockerfile: string): string {
  const context = join(directory, name);
  mkdirSync(context, { recursive: true });
  writeFileSync(join(context, "Dockerfile"), dockerfile);
  return context;
}

function makeFiles(directory: string): void {
  const data = randomBytes(FILE_SIZE);
  for (let index = 0; index < FILES; index++) {
    const folder = join(directory, String(Math.floor(index / 100)));
    if (index % 100 === 0) mkdirSync(folder, { recursive: true });
    data.writeUInt32LE(index);
    writeFileSync(join(folder, `file-${index}.js`), data);
  }
}

function hashFile(path: string): void {
  const file = openSync(path, "r");
  const hash = createHash("sha256");
  const block = Buffer.allocUnsafe(HASH_BLOCK);
  for (let got = readSync(file, block); got > 0; got = readSync(file, block))
    hash.update(block.subarray(0, got));
  closeSync(file);
  hash.digest();
}

function row(
  name: string,
  floor: string,
  floorMs: Sample | undefined,
  ours: Sample | undefined,
  budget: number,
): Row {
  return {
    name,
    floor,
    floorMs: must(floorMs),
    ours: must(ours),
    ratio: must(ours).median / must(floorMs).median,
    unit: "×",
    budget,
  };
}

function must(sample: Sample | undefined): Sample {
  if (sample === undefined) throw new Error("nothing was measured");
  return sample;
}
