import { mkdirSync } from "node:fs";
import { openCache } from "../cache/local.ts";
import { resolveRunUser } from "../core/accounts.ts";
import type { DiffId } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { latestJournal } from "../explain/journal.ts";
import { isMeant } from "../explain/meant-step.ts";
import type { StepRecord } from "../explain/types.ts";
import type { ExecOp, Op } from "../graph/types.ts";
import { snapshotsOf } from "../layers/snapshots.ts";
import { readAccountFile } from "../ops/accounts.ts";
import { privilegesOf } from "../ops/exec-sandbox.ts";
import type { FailedStep, Given } from "../ops/failed-step.ts";
import type { HeldStep } from "../session/failed-steps.ts";
import type { Session } from "../session/session.ts";
import { foreignMounts } from "../../runtime/emulation/foreign.ts";
import { processEnvironment } from "../../runtime/plan/environment.ts";
import { baseMounts, kernelMasks } from "../../runtime/plan/mounts.ts";

const HOSTNAME = "buildkitsandbox";
const [MOST_NAMED, LONG] = [6, 40] as const;

/** The root filesystem as a step of the last build left it; what is written to it is thrown away. */
export async function openStep(session: Session, wanted: string): Promise<HeldStep> {
  const { store, layers, trees } = session;
  const steps = latestJournal(store, () => true)?.last.steps ?? [];
  const record = theOne(steps, wanted);
  if ((await session.form()) === "none")
    throw refused(
      record,
      "steps are run by chroot here",
      "the step that failed last can be entered: leave --step out",
    );
  const diffIds = layersOf(session, record);
  const rootfs = layers.openAll(diffIds);
  if (rootfs === undefined) {
    const from = steps.find(
      ({ op }) => op.type === "image" && diffIds.includes(op.diffIds[0] ?? ("" as DiffId)),
    );
    const base = from?.op.type === "image" ? from.op.reference : undefined;
    throw refused(
      record,
      "the store has not all of its layers",
      base === undefined ? "build again" : `its base image may be missing: tsbuild pull ${base}`,
    );
  }
  const exec = execOf(steps, record);
  const [lowers, tree] = await Promise.all([snapshotsOf(rootfs), trees.of(rootfs)]);
  const user = await trees.withTars(() =>
    resolveRunUser(exec?.user ?? "", (path) => readAccountFile(tree, path)),
  );
  const directory = store.tempPath("shell");
  mkdirSync(directory, { mode: 0o700 });
  const platform = platformOf(record.op) ?? exec?.platform;
  const mounts = exec === record.op ? exec.mounts : [];
  const step: FailedStep = {
    name: record.name,
    network: exec?.network ?? "default",
    security: exec?.security ?? "sandbox",
    hosts: [],
    given: mounts.filter((mount): mount is Given => mount.type === "secret" || mount.type === "ssh"),
    plan: {
      argv: [],
      env: processEnvironment([exec?.proxyEnv ?? [], exec?.env ?? []], user.home),
      cwd: directoryOf(steps, record),
      uid: user.uid,
      gid: user.gid,
      groups: user.groups,
      hostname: exec?.hostname ?? HOSTNAME,
      umask: 0o022,
      capabilities: (await privilegesOf({ security: exec?.security ?? "sandbox" })).capabilities,
      mounts: [
        ...baseMounts({}),
        ...(platform === undefined ? [] : foreignMounts(platform, (label) => store.tempPath(label))),
        ...kernelMasks(),
      ],
    },
    lowers,
    lost: mounts.flatMap((mount) => (mount.type === "secret" || mount.type === "ssh" ? [] : [mount.target])),
  };
  return { directory, step, [Symbol.dispose]() {} };
}

function theOne(steps: readonly StepRecord[], wanted: string): StepRecord {
  const rooted = steps.filter(({ op }) => ["image", "exec", "copy", "mkdir"].includes(op.type));
  const [only, ...more] = rooted.filter(({ name }) => isMeant(name, wanted));
  if (only !== undefined && more.length === 0) return only;
  const names = (only === undefined ? rooted : [only, ...more]).map(({ name }) => name);
  const short = names.map((name) => (name.length > LONG ? `${name.slice(0, LONG - 1)}…` : name));
  const shown = short.slice(0, MOST_NAMED).join("; ") + (names.length > MOST_NAMED ? "; …" : "");
  throw new TsbuildError(
    "USAGE",
    `Cannot open a shell in step "${wanted}": ${
      only === undefined
        ? "the last build had no such step"
        : `${names.length} steps of the last build are called so`
    }`,
    { hint: names.length === 0 ? "build something first" : `name one of: ${shown}` },
  );
}

function layersOf(session: Session, record: StepRecord): readonly DiffId[] {
  const { op, outcome, key } = record;
  if (op.type === "image") return op.diffIds;
  if (outcome === "failed")
    throw refused(record, "it failed", "leave --step out: that opens a shell where it failed");
  if (outcome === "canceled") throw refused(record, "the last build did not come to it", "build again");
  const found = key && openCache(session.store, () => true).get(key);
  if (found === undefined)
    throw refused(record, "the store does not know any more what it made", "build again");
  return found.layers;
}

/** The step itself, or the RUN before it in its stage: its environment is what is known of the stage's. */
function execOf(steps: readonly StepRecord[], record: StepRecord): ExecOp | undefined {
  const before = steps.slice(0, steps.indexOf(record) + 1).reverse();
  return before
    .map(({ op, stage }) => (stage === record.stage ? op : undefined))
    .find((op) => op?.type === "exec");
}

/** The last directory that a step of the stage was in, or made. */
function directoryOf(steps: readonly StepRecord[], record: StepRecord): string {
  const before = steps.slice(0, steps.indexOf(record) + 1).reverse();
  for (const { op, stage } of before) {
    if (stage !== record.stage) continue;
    if (op.type === "mkdir") return op.path;
    if (op.type === "exec") return op.cwd;
  }
  return "/";
}

function platformOf(op: Op): ExecOp["platform"] | undefined {
  return op.type === "exec" || op.type === "image" ? op.platform : undefined;
}

function refused({ name }: StepRecord, state: string, hint: string): TsbuildError {
  return new TsbuildError("USAGE", `Cannot open a shell in step ${name}: ${state}`, { hint });
}
