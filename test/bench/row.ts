import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sample } from "./measure.ts";

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

/** Arguments of a build that knows the base image. */
export function buildArgs({ baseLayout }: Bench, name: string, context: string): string[] {
  return ["build", "-q", "-t", name, "--build-context", `base=oci-layout://${baseLayout}`, context];
}

/** Makes a context that has a Dockerfile. */
export function contextWith({ directory }: Bench, name: string, dockerfile: string): string {
  const context = join(directory, name);
  mkdirSync(context, { recursive: true });
  writeFileSync(join(context, "Dockerfile"), dockerfile);
  return context;
}

/** A row of which the result is a ratio. */
export function row(
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

/** What `inTurns` measured of one work. */
export function must(sample: Sample | undefined): Sample {
  if (sample === undefined) throw new Error("nothing was measured");
  return sample;
}
