import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { LAYER_SIZE, makeLayerFiles } from "./image-files.ts";
import { contextWith, type Bench, type Row } from "./row.ts";

const BIG_FILES = 20;
const BIG_FILE_SIZE = 100_000_000;
const BUDGET = 120;

/** The most that the process had resident while 2 GB were copied. */
export async function memoryOfCopy(bench: Bench): Promise<Row> {
  const context = contextWith(bench, "memory", "FROM scratch\nCOPY data /data\n");
  const data = join(context, "data");
  mkdirSync(data, { recursive: true });
  const content = randomBytes(BIG_FILE_SIZE);
  for (let number = 0; number < BIG_FILES; number++) {
    content.writeUInt32LE(number);
    writeFileSync(join(data, `big-${number}`), content);
  }
  const start = performance.now();
  const copied = await peakOf(bench, ["build", "-q", "-t", "memory", context]);
  const time = performance.now() - start;
  const archive = join(bench.directory, "memory.tar");
  const exporting = ["build", "-q", "-o", `type=docker,dest=${archive}`, "-t", "memory", context];
  const exported = await peakOf(bench, exporting);
  for (const path of [archive, data]) rmSync(path, { recursive: true });
  return memoryRow(`COPY of ${(BIG_FILES * BIG_FILE_SIZE) / 1e9} GB`, time, {
    "while copying": copied,
    "while exporting": exported,
  });
}

const LAYERS = 5;

/** The same while a layer of 1 GB is pulled and unpacked. */
export async function memoryOfPull(bench: Bench): Promise<Row | string> {
  const registry = await bench.registry();
  if (registry === undefined) return "docker-registry is not installed";
  const image = contextWith(bench, "memory-image", "FROM base\nCOPY data /data\n");
  const base = ["--build-context", `base=oci-layout://${bench.baseLayout}`];
  for (let part = 0; part < LAYERS; part++) makeLayerFiles(join(image, "data", String(part)));
  const store = join(bench.directory, "memory-store");
  const peaks: Record<string, number> = {};
  let time = 0;
  for (const compression of ["gzip", "zstd"]) {
    const name = `${registry}/bench/memory:${compression}`;
    const output = `type=image,push=true,name=${name},compression=${compression}`;
    await bench.tsbuild(["build", "-q", "-o", output, ...base, image]);
    const user = contextWith(bench, "memory-user", `FROM ${name}\nRUN :\n`);
    const start = performance.now();
    peaks[`from ${compression}`] = await peakOf(bench, ["build", "-q", user], { TSBUILD_ROOT: store });
    time += performance.now() - start;
    await bench.clear(store);
  }
  rmSync(join(image, "data"), { recursive: true });
  return memoryRow(`pull of ${(LAYERS * LAYER_SIZE) / 1e9} GB`, time / 2, peaks);
}

/** As the kernel counts it, told when the process ends. */
async function peakOf(bench: Bench, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const [hook, told] = [join(bench.directory, "peak.cjs"), join(bench.directory, "peak")];
  writeFileSync(
    hook,
    // Not ru_maxrss: that begins with what the process that started it had resident (exec_mmap in the kernel's fs/exec.c).
    `const fs = require("node:fs");
process.on("exit", () => fs.writeFileSync(${JSON.stringify(told)}, /VmHWM:\\s*(\\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1]));\n`,
  );
  await bench.tsbuild(args, { ...env, NODE_OPTIONS: `--require=${hook}` });
  return (Number(readFileSync(told, "utf8")) * 1024) / 1e6;
}

function memoryRow(work: string, time: number, peaks: Readonly<Record<string, number>>): Row {
  const parts = Object.entries(peaks).map(([when, peak]) => `${peak.toFixed(0)} MB ${when}`);
  return {
    name: `memory, ${work}`,
    floor: "–",
    ours: { median: time, min: time, max: time },
    ratio: Math.max(...Object.values(peaks)),
    unit: "MB",
    budget: BUDGET,
    peers: [],
    note: `resident at most: ${parts.join(", ")}`,
  };
}
