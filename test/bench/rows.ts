import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inTurns } from "./measure.ts";
import { FILES, makeFiles } from "./many-files.ts";
import { buildArgs, contextWith, learn, measureRow, must, type Bench, type Row } from "./row.ts";

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
  const build = async (): Promise<void> => void (await bench.tsbuild(buildArgs(bench, "cached", context)));
  await learn(build);
  for (const peer of bench.peers) await peer.build({ context, image: "cached" });
  return measureRow(bench, {
    name: "every step cached, small context",
    floor: "node -e 0",
    floorWork: { run: async () => void (await bench.command([process.execPath, "-e", "0"])) },
    ours: { run: build },
    peer: (peer) => ({ run: () => peer.build({ context, image: "cached" }) }),
    budget: 1.35,
    rounds: bench.rounds * 3,
  });
}

/** The same with many files, none of which changed, against an interpreter that looks at each of them once. */
export async function cachedManyFiles(bench: Bench): Promise<Row> {
  const context = contextWith(bench, "many-cached", "FROM scratch\nCOPY files /files\n");
  const files = join(context, "files");
  makeFiles(files);
  const build = async (): Promise<void> =>
    void (await bench.tsbuild(["build", "-q", "-t", "many-cached", context]));
  await learn(build);
  for (const peer of bench.peers) await peer.build({ context, image: "many-cached" });
  const look = `const { lstatSync, readdirSync } = require("node:fs");
    for (const folder of readdirSync(".")) for (const file of readdirSync(folder)) lstatSync(folder + "/" + file);`;
  const row = await measureRow(bench, {
    name: `every step cached, ${FILES} files`,
    floor: "node and one lstat each",
    floorWork: { run: async () => void (await bench.command([process.execPath, "-e", look], files)) },
    ours: { run: build },
    peer: (peer) => ({ run: () => peer.build({ context, image: "many-cached" }) }),
    budget: 1.5,
  });
  rmSync(files, { recursive: true });
  return row;
}

/** Trivial RUN steps, all included, less what the same build costs without them. */
export async function trivialSteps(bench: Bench): Promise<Row> {
  const one = contextWith(bench, "one-step", trivialLines(1));
  const many = contextWith(bench, "many-steps", trivialLines(STEPS + 1));
  await bench.tsbuild(buildArgs(bench, "one-step", one));
  const ours = (name: string, context: string) => async (): Promise<void> =>
    void (await bench.tsbuild(["build", "--no-cache", ...buildArgs(bench, name, context).slice(1)]));
  const pairs = [
    [ours("one-step", one), ours("many-steps", many)] as const,
    ...bench.peers.map(
      (peer) =>
        [
          () => peer.build({ context: one, image: "one-step", noCache: true }),
          () => peer.build({ context: many, image: "many-steps", noCache: true }),
        ] as const,
    ),
  ];
  const samples = await inTurns(
    bench.rounds,
    pairs.flatMap((pair) => pair.map((run) => ({ run }))),
  );
  const perStep = pairs.map(
    (_, index) => (must(samples[2 * index + 1]).median - must(samples[2 * index]).median) / STEPS,
  );
  const [own = 0, ...others] = perStep;
  return {
    name: `${STEPS} trivial RUN steps`,
    floor: "the same build with one",
    floorMs: must(samples[0]),
    ours: must(samples[1]),
    ratio: own,
    unit: "ms a step",
    budget: 15,
    peers: bench.peers.map(({ name }, index) => ({
      name,
      sample: must(samples[2 * index + 3]),
      times: (others[index] ?? 0) / own,
    })),
    ...(bench.peers.length === 0
      ? {}
      : {
          note: `a step takes ${bench.peers.map(({ name }, index) => `${name} ${(others[index] ?? 0).toFixed(0)} ms`).join(", ")}`,
        }),
  };
}

function trivialLines(count: number): string {
  return `FROM base\n${Array.from({ length: count }, (_, index) => `RUN : ${index}\n`).join("")}`;
}
