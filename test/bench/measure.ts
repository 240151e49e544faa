import { spawnSync } from "node:child_process";

/** Milliseconds of each run, the median first asked for. */
export interface Sample {
  readonly median: number;
  readonly min: number;
  readonly max: number;
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

export interface Work {
  prepare?(): void | Promise<void>;
  run(): void | Promise<void>;
}

function sample(times: readonly number[]): Sample {
  const sorted = times.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}

/** Runs a command to its end; its output is shown only when it fails. */
export function command(argv: readonly string[], env: NodeJS.ProcessEnv = process.env, cwd?: string): void {
  const [program = "", ...args] = argv;
  const { status, stderr, error } = spawnSync(program, args, {
    env,
    ...(cwd === undefined ? {} : { cwd }),
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0)
    throw new Error(`${argv.slice(0, 4).join(" ")} ended with ${status ?? error?.message}: ${stderr}`);
}
