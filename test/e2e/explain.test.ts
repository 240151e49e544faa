import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig, type Outcome, type Rig } from "../support/rig.ts";

const DOCKERFILE = `FROM base AS builder
ARG V=1
ENV A=1
WORKDIR /app
COPY src/ /app/
RUN echo building $V

FROM base
COPY --from=builder /app/a.ts /a
RUN echo done
`;

interface Scene extends AsyncDisposable {
  readonly rig: Rig;
  readonly context: string;
  build(...flags: string[]): Promise<Outcome>;
  /** Step → why it ran in the last build. */
  explain(...flags: string[]): Promise<Readonly<Record<string, readonly string[]>>>;
}

async function open(): Promise<Scene> {
  const rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: DOCKERFILE, "src/a.ts": "a\n", "src/b.sh": "b\n" });
  chmodSync(join(context, "src/b.sh"), 0o644);
  return {
    rig,
    context,
    async build(...flags) {
      const outcome = await rig.tsbuild(["build", ...base, ...flags, context]);
      assert.equal(outcome.status, 0, outcome.stderr);
      return outcome;
    },
    async explain(...flags) {
      const { status, stdout, stderr } = await rig.tsbuild(["explain", ...flags]);
      assert.equal(status, 0, stderr);
      const blocks = stdout.trimEnd().split("\n\n").slice(1);
      return Object.fromEntries(
        blocks.map((block) => {
          const [name = "", ...reasons] = block.split("\n").map((line) => line.trim());
          return [name.replace(/^\[\S+ \d+\/\d+\] /, ""), reasons];
        }),
      );
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

test("explain names the files, values and steps that made a build run what it ran", async () => {
  await using scene = await open();
  const { context, build, explain } = scene;
  await build();
  const first = await explain();
  assert.deepEqual(Object.keys(first), [
    "WORKDIR /app",
    "COPY src/ /app/",
    "RUN echo building 1",
    "COPY --from=builder /app/a.ts /a",
    "RUN echo done",
  ]);
  assert.ok(Object.values(first).every((reasons) => reasons.join() === "never built here"));

  writeFileSync(join(context, "src/a.ts"), "A\n");
  chmodSync(join(context, "src/b.sh"), 0o755);
  for (const name of ["new 1", "new 2"]) writeFileSync(join(context, "src", name), "");
  await build("--build-arg", "V=2");
  const second = {
    "COPY src/ /app/": ["src/a.ts content changed; src/b.sh mode 0644 → 0755; src/new 1 added; +1 more"],
    "RUN echo building 2": ["ARG V: 1 → 2", "its input changed: [builder 3/4] COPY src/ /app/"],
    "COPY --from=builder /app/a.ts /a": ["app/a.ts content changed"],
    "RUN echo done": ["its input changed: [stage-1 2/3] COPY --from=builder /app/a.ts /a"],
  };
  assert.deepEqual(await explain(context), second);

  const cached = await build("--build-arg", "V=2");
  assert.match(cached.stderr, /0 steps run/);
  assert.deepEqual(await explain(), second, "what ran last is still known");

  writeFileSync(
    join(context, "Dockerfile"),
    DOCKERFILE.replace("WORKDIR", "USER 5\nWORKDIR").replace("RUN echo done", "RUN echo more\nRUN echo done"),
  );
  await build("--build-arg", "V=2");
  assert.deepEqual(await explain(), {
    "WORKDIR /app": ["USER: root → 5"],
    "COPY src/ /app/": ["its input changed: [builder 2/4] WORKDIR /app"],
    "RUN echo building 2": ["USER: root → 5", "its input changed: [builder 3/4] COPY src/ /app/"],
    "RUN echo more": ["never built here: the instruction is new"],
    "RUN echo done": ["its input changed: [stage-1 3/4] RUN echo more"],
  });
});

test("build --explain says why under each step that runs", async () => {
  await using scene = await open();
  const { context, build } = scene;
  await build();
  writeFileSync(join(context, "src/a.ts"), "A\n");
  const { stderr } = await build("--explain");
  assert.match(stderr, /^#(\d+) \[builder 3\/4\] COPY src\/ \/app\/\n#\1 why: src\/a\.ts content changed$/m);
  assert.match(stderr, /^#(\d+) .*RUN echo done\n#\1 why: its input changed: .*COPY --from=builder/m);
  const raw = await build("--explain", "--progress=rawjson", "--no-cache");
  const events = raw.stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const explained = events.filter(({ type }) => type === "step-explained");
  assert.deepEqual(
    new Set(explained.map(({ reasons }) => JSON.stringify(reasons))),
    new Set(['[{"why":"no-cache"}]']),
  );
});

test("explain tells of steps that failed, and that there is no build", async () => {
  await using scene = await open();
  const { rig, context, explain, build } = scene;
  const none = await rig.tsbuild(["explain"]);
  assert.equal(none.status, 2);
  assert.match(none.stderr, /Cannot explain a build: the store knows of none/);
  const flag = join(context, "Dockerfile");
  writeFileSync(flag, DOCKERFILE.replace("RUN echo done", "RUN true"));
  await build();
  writeFileSync(flag, DOCKERFILE.replace("RUN echo done", "RUN false"));
  await assert.rejects(build());
  assert.deepEqual(await explain(), { "RUN false (failed)": ["instruction changed: RUN true → RUN false"] });
  await assert.rejects(build());
  assert.deepEqual(await explain(), { "RUN false (failed)": ["it failed in the build before"] });
});

test("--no-cache-filter runs the steps of its stages and what stands on them", async () => {
  await using scene = await open();
  const { build, explain } = scene;
  await build();
  const { stderr } = await build("--no-cache-filter", "Builder,nobody");
  assert.match(stderr, /3 steps run, 2 cached/);
  assert.match(stderr, /WARNING: --no-cache-filter nobody has no effect/);
  const reasons = Object.values(await explain());
  assert.deepEqual(
    reasons.flat(),
    [1, 2, 3].map(() => "the cache was not asked: --no-cache-filter builder"),
  );
});

test("--cache-ttl runs steps again whose results are old", async () => {
  await using scene = await open();
  const { build, explain } = scene;
  await build();
  assert.match((await build("--cache-ttl", "1d")).stderr, /0 steps run, 5 cached/);
  const { stderr } = await build("--cache-ttl", "0s");
  assert.match(stderr, /5 steps run, 0 cached/);
  for (const [reason] of Object.values(await explain()))
    assert.match(reason ?? "", /^(its record is too old: made .*|its input was made anew: .*)$/);
});

test("build --dry-run says what a build would run and why, and runs nothing", async () => {
  await using scene = await open();
  const { rig, context, build } = scene;
  const dryRun = async (...flags: string[]): Promise<string> => (await build("--dry-run", ...flags)).stdout;
  const first = await dryRun();
  assert.match(first, /^runs {8}\[builder 2\/4\] WORKDIR \/app\n {14}never built here$/m);
  assert.match(first, /^may run {5}\[stage-1 2\/3\] COPY .*\n {14}its input runs: \[builder 4\/4\] RUN/m);
  assert.match(first, /^3 would run, 2 may run, 0 cached; 0B to pull$/m);
  assert.match((await rig.tsbuild(["explain"])).stderr, /the store knows of none/);
  assert.match((await build()).stderr, /5 steps run, 0 cached/);
  assert.match(await dryRun(), /^0 would run, 5 cached; 0B to pull$/m);

  writeFileSync(join(context, "src/a.ts"), "A\n");
  const { stdout } = await build("--dry-run=json");
  const { steps } = JSON.parse(stdout) as {
    steps: { verdict: string; reasons: { why: string; changes?: { path: string }[] }[] }[];
  };
  assert.deepEqual(
    steps.map(({ verdict, reasons }) => [verdict, ...reasons.map(({ why }) => why)].join(" ")),
    ["hit", "run files", "run input", "may-run input-runs", "may-run input-runs"],
  );
  assert.equal(steps[1]?.reasons[0]?.changes?.[0]?.path, "src/a.ts");
  assert.match((await build()).stderr, /4 steps run, 1 cached/);
  assert.match(await dryRun("--no-cache"), /^5 would run, 0 cached/m);
});
