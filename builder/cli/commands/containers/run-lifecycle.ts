import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import type { RunOptions } from "../../../api/run-options.ts";
import { checkedName } from "../../../containers/names.ts";
import { checkedSignal } from "../../../containers/signals.ts";
import { errnoOf, messageOf, TsbuildError } from "../../../core/errors.ts";
import { usageError } from "../../flags.ts";
import { readPairsFile } from "../../values.ts";

interface LifecycleFlags {
  readonly detach: boolean;
  readonly name: string | undefined;
  readonly label: readonly string[];
  readonly "label-file": readonly string[];
  readonly "stop-signal": string | undefined;
  readonly "stop-timeout": string | undefined;
}

/** What becomes of a container beside what it does: the flags of `run` for that. */
export function lifecycle(
  flags: LifecycleFlags,
): Pick<RunOptions, "detach" | "name" | "labels" | "stopSignal" | "stopTimeout"> {
  const { name, "stop-signal": stopSignal, "stop-timeout": stopTimeout } = flags;
  if (stopSignal !== undefined) checkedSignal(stopSignal);
  return {
    detach: flags.detach,
    ...(name === undefined ? {} : { name: checkedName(name) }),
    labels: labels(flags),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(stopTimeout === undefined ? {} : { stopTimeout: seconds("run", "--stop-timeout", stopTimeout) }),
  };
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
