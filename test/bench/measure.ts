import { spawn } from "node:child_process";

/** Milliseconds of each run. */
export interface Sample {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Work {
  /** What it needs, not measured. */
  prepare?(): void | Promise<void>;
  run(): void | Promise<void>;
}

/** Runs things in turns, A B A B, so that a machine that slows down slows all of them; `prepare` is not measured. */
export async function inTurns(rounds: number, works: readonly Work[]): Promise<Sample[]> {
  const times = works.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, work] of works.entries()) {
      await work.prepare?.();
      const start = performance.now();
      await work.run();
      times[index]?.push(performance.now() - start);
    }
  }
  return times.map(sample);
}

/** What many runs come to. */
export function sample(times: readonly number[]): Sample {
  const sorted = times.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
}

/** Runs a command to its end and gives its standard output; its words are shown only when it fails. */
export async function command(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const [program = "", ...args] = argv;
  const { signal, ...rest } = options;
  signal?.throwIfAborted();
  const child = spawn(program, args, { ...rest, stdio: ["ignore", "pipe", "pipe"] });
  const stop = (): void => void child.kill("SIGTERM");
  signal?.addEventListener("abort", stop);
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (data: Buffer) => (said.stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (said.stderr = (said.stderr + data.toString()).slice(-4000)));
  try {
    const status = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, ended) => resolve(code ?? ended));
    });
    signal?.throwIfAborted();
    if (status !== 0) throw new Error(`${argv.slice(0, 4).join(" ")} ended with ${status}: ${said.stderr}`);
    return said.stdout;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
