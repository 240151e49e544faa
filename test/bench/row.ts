import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inTurns, type Sample, type Work } from "./measure.ts";
import type { Peer } from "./peers/types.ts";

/** One line of the table: a piece of work, the floor that it is held against, the budget, and others that do it. */
export interface Row {
  readonly name: string;
  readonly floor: string;
  readonly floorMs?: Sample;
  readonly ours: Sample;
  /** `ours` / `floor`, or what the unit says. */
  readonly ratio: number;
  readonly unit: "×" | "ms a step" | "MB";
  readonly budget: number;
  readonly peers: readonly PeerResult[];
  readonly note?: string;
}

export interface PeerResult {
  readonly name: string;
  readonly sample: Sample;
  /** Its median / ours: above 1 it is slower. */
  readonly times: number;
}

export interface Bench {
  readonly directory: string;
  /** Runs our command line; gives what it prints. */
  tsbuild(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string>;
  command(argv: readonly string[], cwd?: string): Promise<string>;
  readonly baseLayout: string;
  readonly rounds: number;
  readonly peers: readonly Peer[];
  /** host:port of a registry on loopback, started when it is first asked for; undefined where there is none to start. */
  registry(): Promise<string | undefined>;
  /** Removes a store. */
  clear(store: string): Promise<void>;
}

/** What a row is made of. */
export interface RowWork {
  readonly name: string;
  readonly floor: string;
  readonly floorWork: Work;
  readonly ours: Work;
  readonly peer?: (peer: Peer) => Work;
  readonly budget: number;
  readonly rounds?: number;
}

/** Measures a row of which the result is a ratio: floor, ours and the others in turns. */
export async function measureRow(bench: Bench, work: RowWork): Promise<Row> {
  const { peer } = work;
  const others = peer === undefined ? [] : bench.peers;
  const works = [work.floorWork, work.ours, ...(peer === undefined ? [] : others.map((one) => peer(one)))];
  const [floorMs, ours, ...samples] = await inTurns(work.rounds ?? bench.rounds, works);
  const [low, own] = [must(floorMs), must(ours)];
  return {
    name: work.name,
    floor: work.floor,
    floorMs: low,
    ours: own,
    ratio: own.median / low.median,
    unit: "×",
    budget: work.budget,
    peers: others.map(({ name }, index) => peerResult(name, must(samples[index]), own)),
  };
}

export function peerResult(name: string, sample: Sample, ours: Sample): PeerResult {
  return { name, sample, times: sample.median / ours.median };
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

/** The first build runs the steps, the second leaves the code that it compiled, the third is like all that follow. */
export async function learn(build: () => Promise<void>): Promise<void> {
  for (let time = 0; time < 3; time++) await build();
}

/** The same for a row whose own builds are to find nothing: something small is built, each time anew. */
export async function learnCode(bench: Bench): Promise<void> {
  const context = contextWith(bench, "learn", "FROM scratch\nCOPY Dockerfile /\n");
  await learn(async () => void (await bench.tsbuild(["build", "-q", "--no-cache", "-t", "learn", context])));
}

/** What `inTurns` measured of one work. */
export function must(sample: Sample | undefined): Sample {
  if (sample === undefined) throw new Error("nothing was measured");
  return sample;
}
