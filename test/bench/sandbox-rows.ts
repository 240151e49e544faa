import { execFileSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sample } from "./measure.ts";
import { buildArgs, contextWith, type Bench, type Row } from "./row.ts";

/** Inside a container at least 0.97 of the bare machine's speed. */
const BUDGET = 1 / 0.97;
const GIBIBYTE = 1024;

/** Writes 1 GiB in order, and reads it again; prints the milliseconds of each. */
const DISK = `
const fs = require("node:fs");
const block = Buffer.alloc(1 << 20, "tsbuild");
const timed = (work) => { const start = performance.now(); work(); return performance.now() - start; };
const file = fs.openSync(process.argv[1], "w+");
const written = timed(() => { for (let n = 0; n < ${GIBIBYTE}; n++) fs.writeSync(file, block); fs.fsyncSync(file); });
const read = timed(() => { for (let n = 0; n < ${GIBIBYTE}; n++) fs.readSync(file, block, 0, block.length, n << 20); });
fs.rmSync(process.argv[1]);
console.log(JSON.stringify({ written, read }));`;

/** Prime numbers on one processor. */
export function sysbenchCpu(bench: Bench): Promise<Row | string> {
  return sysbench(bench, "sysbench cpu", ["cpu", "--cpu-max-prime=20000", "--events=5000"]);
}

/** Blocks of memory, written over and over. */
export function sysbenchMemory(bench: Bench): Promise<Row | string> {
  return sysbench(bench, "sysbench memory", ["memory", "--memory-total-size=20G", "--memory-block-size=1M"]);
}

async function sysbench(bench: Bench, name: string, args: readonly string[]): Promise<Row | string> {
  if (!installed("sysbench")) return "sysbench is not installed";
  const [test = "", ...options] = args;
  const argv = ["/usr/bin/sysbench", "--time=0", "--threads=1", ...options, test, "run"];
  return compare(bench, name, {
    inside: [...machineFiles(), "bare", ...argv],
    outside: argv,
    // By its own clock: starting the container is another row.
    milliseconds: (said) => Number(/total time:\s+([\d.]+)s/.exec(said)?.[1]) * 1000,
  });
}

export function diskWrite(bench: Bench): Promise<Row> {
  return disk(bench, "written", "write of 1 GiB in a container");
}

/** Of what was written just before: the page cache, through the overlay. */
export function diskRead(bench: Bench): Promise<Row> {
  return disk(bench, "read", "read of 1 GiB in a container");
}

async function disk(bench: Bench, what: "written" | "read", name: string): Promise<Row> {
  const outside = join(bench.directory, "gibibyte");
  const row = await compare(bench, name, {
    inside: ["bare", "node", "-e", DISK, "/gibibyte"],
    outside: [process.execPath, "-e", DISK, outside],
    milliseconds: (said) => Number((JSON.parse(said) as Record<string, unknown>)[what]),
  });
  rmSync(outside, { force: true });
  return row;
}

interface Comparison {
  readonly inside: readonly string[];
  readonly outside: readonly string[];
  milliseconds(said: string): number;
}

async function compare(
  bench: Bench,
  name: string,
  { inside, outside, milliseconds }: Comparison,
): Promise<Row> {
  const context = contextWith(bench, "bare", 'FROM base\nCMD ["node"]\n');
  await bench.tsbuild(buildArgs(bench, "bare", context));
  const times = { inside: [] as number[], outside: [] as number[] };
  for (let round = 0; round < bench.rounds; round++) {
    times.outside.push(milliseconds(await bench.command(outside)));
    times.inside.push(milliseconds(await bench.tsbuild(["run", "--rm", "--network=none", ...inside])));
  }
  const [floorMs, ours] = [sample(times.outside), sample(times.inside)];
  return {
    name,
    floor: "the same on the bare machine",
    floorMs,
    ours,
    ratio: ours.median / floorMs.median,
    unit: "×",
    budget: Math.round(BUDGET * 100) / 100,
    peers: [],
  };
}

/** The machine's own programs and libraries, so that the same binary runs on both sides. */
function machineFiles(): string[] {
  return ["/usr", "/lib", "/lib64", "/bin"].flatMap((path) =>
    existsSync(path) ? ["-v", `${path}:${path}:ro`] : [],
  );
}

function installed(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
