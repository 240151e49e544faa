import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import type { RestartPolicy, RunOptions } from "../../../api/run-options.ts";
import { checkedName } from "../../../containers/names.ts";
import { checkedSignal } from "../../../containers/signals.ts";
import { errnoOf, messageOf, TsbuildError } from "../../../core/errors.ts";
import { didYouMean } from "../../../core/suggest.ts";
import { usageError } from "../../flags.ts";
import { readPairsFile } from "../../values.ts";

const RESTARTS = ["no", "on-failure[:MOST]", "always", "unless-stopped"];

interface LifecycleFlags {
  readonly detach: boolean;
  readonly name: string | undefined;
  readonly label: readonly string[];
  readonly "label-file": readonly string[];
  readonly rm: boolean;
  readonly restart: string | undefined;
  readonly "stop-signal": string | undefined;
  readonly "stop-timeout": string | undefined;
}

/** What becomes of a container beside what it does: the flags of `run` for that. */
export function lifecycle(
  flags: LifecycleFlags,
): Pick<RunOptions, "detach" | "name" | "labels" | "remove" | "restart" | "stopSignal" | "stopTimeout"> {
  const { name, "stop-signal": stopSignal, "stop-timeout": stopTimeout } = flags;
  if (stopSignal !== undefined) checkedSignal(stopSignal);
  const restart = restartPolicy(flags.restart || "no");
  if (restart !== undefined && flags.rm)
    throw usageError("run", `Cannot use --restart ${flags.restart} with --rm: it is gone when it ends`);
  return {
    detach: flags.detach,
    ...(name === undefined ? {} : { name: checkedName(name) }),
    labels: labels(flags),
    remove: flags.rm,
    ...(restart === undefined ? {} : { restart }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(stopTimeout === undefined ? {} : { stopTimeout: seconds("run", "--stop-timeout", stopTimeout) }),
  };
}

/** docker's words for when a container is run again. */
function restartPolicy(text: string): RestartPolicy | undefined {
  const [, name, most] = /^(no|on-failure|always|unless-stopped)(?::(\d{1,9}))?$/.exec(text) ?? [];
  if (name === "on-failure") return { name, most: Number(most ?? 0) };
  if (most === undefined) {
    if (name === "no") return undefined;
    if (name === "always" || name === "unless-stopped") return { name, most: 0 };
  }
  throw usageError(
    "run",
    name === undefined
      ? `Cannot use --restart ${text}: it is no such policy`
      : `Cannot use --restart ${text}: on-failure alone has a number of times`,
    didYouMean(text, RESTARTS) ?? `write one of ${RESTARTS.join(", ")}`,
  );
}

/** Seconds to wait; -1, docker's "for ever", too. */
export function seconds(command: string, flag: string, text: string): number {
  if (/^(-1|\d{1,9})$/.test(text)) return Number(text);
  throw usageError(command, `Cannot use ${flag} ${text}: it is no number of seconds`);
}

/** Files first: what is written on the command line wins. A name alone has an empty value. */
function labels(flags: LifecycleFlags): Readonly<Record<string, string>> {
  const files = flags["label-file"].flatMap((path) => readPairsFile("run", "--label-file", path));
  const found = Object.create(null) as Record<string, string>;
  for (const text of [...files, ...flags.label]) {
    const [name = ""] = text.split("=", 1);
    if (name === "") throw usageError("run", `Cannot use --label "${text}": the name is missing`);
    found[name] = text.slice(name.length + 1);
  }
  return found;
}

/** --cidfile: a file that is there may be another container's. One that no id came to is removed. */
export class CidFile implements Disposable {
  readonly #path: string;
  readonly #file: number;
  #written = false;

  constructor(path: string) {
    try {
      this.#file = openSync(path, "wx");
    } catch (cause) {
      const exists = errnoOf(cause) === "EEXIST";
      throw new TsbuildError(
        "USAGE",
        `Cannot write --cidfile ${path}: ${exists ? "there is such a file" : messageOf(cause)}`,
        { cause, hint: exists ? "remove it when its container is gone" : undefined },
      );
    }
    this.#path = path;
  }

  write(id: string): void {
    writeSync(this.#file, id);
    this.#written = true;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    if (!this.#written) rmSync(this.#path, { force: true });
  }
}
