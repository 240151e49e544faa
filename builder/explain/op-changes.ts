import { formatPlatform } from "../core/platform.ts";
import type { CopyOp, ExecOp, MkdirOp } from "../graph/types.ts";
import type { Reason, StepRecord } from "./types.ts";

type Setting = Extract<Reason, { why: "setting" }>;

/** How a step itself differs from what it was, apart from what it works upon. Nothing where its text tells it all. */
export function opChanges(before: StepRecord, after: StepRecord): Reason[] {
  const [old, now] = [before.op, after.op];
  const reasons: Reason[] = [];
  // The text of a RUN is shown with its variables' values, which the shell gets and which are told of by themselves.
  const isText = old.type !== "exec" || now.type !== "exec" || textOf(old) !== textOf(now);
  if (isText && before.instruction !== after.instruction)
    reasons.push({ why: "instruction", before: before.instruction, after: after.instruction });
  if (old.type === "exec" && now.type === "exec") reasons.push(...execChanges(old, now, reasons.length > 0));
  else if (old.type === "copy" && now.type === "copy" && reasons.length === 0)
    reasons.push(...copyChanges(old, now));
  else if (old.type === "mkdir" && now.type === "mkdir")
    reasons.push(...mkdirChanges(old, now, reasons.length > 0));
  // A heredoc's body, or what a variable in a mount means.
  if (reasons.length === 0)
    reasons.push({ why: "instruction", before: before.instruction, after: after.instruction });
  return reasons;
}

function execChanges(old: ExecOp, now: ExecOp, textChanged: boolean): Reason[] {
  const changes: Reason[] = environmentChanges(old, now);
  changes.push(
    ...setting("WORKDIR", old.cwd, now.cwd),
    ...setting("USER", old.user || "root", now.user || "root"),
    ...setting("platform", formatPlatform(old.platform), formatPlatform(now.platform)),
    ...setting("hostname", old.hostname, now.hostname),
  );
  if (textChanged) return changes;
  if (old.argv.at(-1) === now.argv.at(-1))
    changes.push(...setting("SHELL", shellOf(old.argv), shellOf(now.argv)));
  changes.push(
    ...setting("--network", old.network, now.network),
    ...setting("--security", old.security, now.security),
  );
  return changes;
}

/** What is written in the instruction itself. */
function textOf({ argv, scripts, mounts, network, security }: ExecOp): string {
  return JSON.stringify([argv.at(-1), scripts, mounts, network, security]);
}

/** ENV and ARG by name; they are a step's in their order, too. */
function environmentChanges(old: ExecOp, now: ExecOp): Reason[] {
  const [was, is] = [valuesOf(old.env), valuesOf(now.env)];
  const names = new Set([...was.keys(), ...is.keys()]);
  const changes = [...names].flatMap((name) => {
    const args = is.has(name) ? now.args : old.args;
    return setting(`${args.includes(name) ? "ARG" : "ENV"} ${name}`, was.get(name), is.get(name));
  });
  if (changes.length > 0 || old.env.join("\0") === now.env.join("\0")) return changes;
  return setting("order of variables", [...was.keys()].join(" "), [...is.keys()].join(" "));
}

function valuesOf(env: readonly string[]): Map<string, string> {
  return new Map(
    env.map((text) => {
      const equals = text.indexOf("=");
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

function copyChanges(old: CopyOp, now: CopyOp): Reason[] {
  return [
    // A relative destination begins where WORKDIR says.
    ...setting("destination", old.dest, now.dest),
    ...setting("--chown", old.chown, now.chown),
    ...setting("--chmod", old.chmod, now.chmod),
    ...setting("--exclude", old.exclude.join(" "), now.exclude.join(" ")),
    ...setting("--link", String(old.link), String(now.link)),
  ];
}

function mkdirChanges(old: MkdirOp, now: MkdirOp, textChanged: boolean): Reason[] {
  const path = textChanged ? [] : setting("WORKDIR", old.path, now.path);
  return [...path, ...setting("USER", old.user || "root", now.user || "root")];
}

function shellOf(argv: readonly string[]): string {
  return JSON.stringify(argv.slice(0, -1));
}

/** The change of one value, if it is one. */
function setting(name: string, before: string | undefined, after: string | undefined): Setting[] {
  if (before === after) return [];
  return [
    {
      why: "setting",
      name,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  ];
}
