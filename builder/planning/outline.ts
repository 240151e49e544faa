import { plainRange } from "../core/diagnostic.ts";
import type { Range } from "../core/diagnostic.ts";
import { knownImages } from "./check.ts";
import { descriptionOf } from "../dockerfile/checks/descriptions.ts";
import type { ArgInstruction, Instruction } from "../dockerfile/types.ts";
import { openContexts } from "../inputs/open-contexts.ts";
import { planOptions, readParsed, warningsTo } from "./plan-dockerfile.ts";
import type { Session } from "../session/session.ts";
import { planStages, type PlannedStages } from "../stages/plan.ts";
import { Problems } from "../stages/problems.ts";
import type { Mount } from "../stages/types.ts";
import type { Outline, OutlinedArg, OutlinedMount, TargetList } from "../api/answer-types.ts";
import type { BuildOptions } from "../api/types.ts";

/** What a build of the target can be given: arguments, secrets, SSH agents. */
export async function outlineDockerfile(session: Session, options: BuildOptions): Promise<Outline> {
  const contexts = await openContexts(session, options);
  const dockerfile = await readParsed(options, contexts);
  const images = knownImages(session, options, contexts);
  const stages = await planStages(
    dockerfile,
    planOptions(options, contexts),
    images,
    warningsTo({ emit: () => undefined }),
  );
  const { target } = stages;
  const { name } = target;
  return {
    source: dockerfile.source,
    ...(name === undefined ? {} : { name }),
    description: name === undefined ? "" : descriptionOf(target.from, name),
    args: argsOf(stages, dockerfile.instructions),
    secrets: mountsOf(stages, "secret"),
    ssh: mountsOf(stages, "ssh"),
    caches: mountsOf(stages, "cache"),
  };
}

/** The stages of a Dockerfile; nothing but its text is looked at. */
export async function listTargets(session: Session, options: BuildOptions): Promise<TargetList> {
  const dockerfile = await readParsed(options, await openContexts(session, options));
  new Problems(dockerfile, () => undefined).throwIfAny();
  const { source, instructions } = dockerfile;
  const stages = instructions.flatMap((instruction) => (instruction.kind === "from" ? instruction : []));
  const targets = stages.map((from, index) => ({
    ...(from.as === undefined ? {} : { name: from.as }),
    description: from.as === undefined ? "" : descriptionOf(from, from.as),
    isDefault: index === stages.length - 1,
    base: from.image.raw,
    ...(from.platform === undefined ? {} : { platform: from.platform.raw }),
    range: plainRange(from.range),
  }));
  return { source, targets };
}

/** The arguments that count: those of the stages that are built, and those above the first FROM that they make use of. */
function argsOf(
  { stages, planned, globals }: PlannedStages,
  instructions: readonly Instruction[],
): readonly OutlinedArg[] {
  const first = instructions.findIndex(({ kind }) => kind === "from");
  const above = instructions.slice(0, first).flatMap((one) => (one.kind === "arg" ? one : []));
  const used = new Set<string>();
  const found = new Map<string, OutlinedArg>();
  for (const stage of stages.toReversed()) {
    const plan = planned.get(stage.index);
    if (plan === undefined) continue;
    for (const word of [stage.from.image, stage.from.platform]) mentioned(word?.raw, used);
    for (const instruction of stage.instructions) {
      if (instruction.kind !== "arg") continue;
      for (const { key, value } of instruction.args) {
        const name = key.raw;
        used.add(name);
        const isAbove = value === undefined && above.some((arg) => defines(arg, name));
        if (!isAbove && !found.has(name))
          found.set(name, outlined(instruction, name, plan.state.args.get(name)));
      }
    }
  }
  // From the last one up: a default may use the ones above it.
  for (const instruction of above.toReversed()) {
    for (const { key, value } of instruction.args.toReversed()) {
      const name = key.raw;
      if (!used.has(name)) continue;
      mentioned(value?.raw, used);
      if (!found.has(name)) found.set(name, outlined(instruction, name, globals.get(name)));
    }
  }
  return [...found.values()].sort(byPlace);
}

function defines({ args }: ArgInstruction, name: string): boolean {
  return args.some(({ key }) => key.raw === name);
}

function outlined(instruction: ArgInstruction, name: string, value: string | undefined): OutlinedArg {
  const description = descriptionOf(instruction, name);
  return {
    name,
    description,
    ...(value === undefined ? {} : { value }),
    range: plainRange(instruction.range),
  };
}

const VARIABLE = /\$\{?([A-Za-z_][A-Za-z0-9_]*)/g;

function mentioned(text: string | undefined, into: Set<string>): void {
  for (const [, name] of (text ?? "").matchAll(VARIABLE)) if (name !== undefined) into.add(name);
}

function mountsOf({ planned }: PlannedStages, type: Mount["type"]): readonly OutlinedMount[] {
  const found = new Map<string, OutlinedMount>();
  for (const { plan } of planned.values()) {
    for (const { action, at } of plan.steps) {
      for (const mount of action.type === "exec" ? action.mounts : []) {
        if (mount.type !== type || !("id" in mount)) continue;
        const required = "required" in mount && mount.required;
        const known = found.get(mount.id);
        if (known === undefined || (required && !known.required))
          found.set(mount.id, { name: mount.id, required, range: known?.range ?? at.range });
      }
    }
  }
  return [...found.values()].sort(byPlace);
}

function byPlace(a: { readonly range: Range }, b: { readonly range: Range }): number {
  return a.range.start.line - b.range.start.line;
}
