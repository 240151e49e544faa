import { baseOf, parentOf } from "../core/paths.ts";
import type { Content } from "../core/entry.ts";
import { clueAt, reordered } from "./clues.ts";
import { readPart } from "./contents.ts";
import { KNOWN_FILES } from "./known-files.ts";
import type { Cause, FieldDifference, FileDifference } from "./types.ts";

/** The bytes of a file in two builds, and where they first differ. */
export interface Contents {
  readonly a: Content;
  readonly b: Content;
  readonly at: number;
}

/** Bytes looked at on either side of the first difference. */
const AROUND = 96;
/** A file up to this size is looked at as a whole. */
const WHOLE = 1 << 20;
/** Names of one directory that are looked through for a like one. */
const MAX_SHAPES = 200;

const TIMES: Cause = {
  id: "time",
  why: "the files are as old as the build",
  fix: "set SOURCE_DATE_EPOCH: SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) tsbuild …, or --build-arg SOURCE_DATE_EPOCH=context",
};
const MODES: Cause = {
  id: "mode",
  why: "the mode follows the umask of a checkout, or of the command that made the file",
  fix: "COPY --chmod=…, or umask 022 in the RUN; with SOURCE_DATE_EPOCH files that git tracks have git's modes",
};
const OWNERS: Cause = {
  id: "owner",
  why: "another user made the file, or ids of new users were given in another order",
  fix: "COPY --chown=…, or useradd --uid and groupadd --gid with fixed numbers",
};
const NAME: Cause = {
  id: "name",
  why: "its name is random or has a time in it",
  fix: "give it a fixed name, or remove it in the same RUN",
};
const ORDER: Cause = {
  id: "order",
  why: "the same lines or words are in another order: that of a directory, of a hash table, or of what ran side by side",
  fix: "sort what the tool reads (LC_ALL=C sort), or let it run one job at a time",
};
const BINARY: Cause = {
  id: "program",
  why: "a compiler wrote a time, a path or a random name into it",
  fix: 'put "ARG SOURCE_DATE_EPOCH" before the RUN; -ffile-prefix-map, -trimpath, and no __DATE__',
};

/** Why a file of one build is not that of another. `names`: what else is in one of them alone. */
export function causeOfFile(
  file: FileDifference,
  contents: Contents | undefined,
  names: LoneNames,
): Cause | undefined {
  const known = KNOWN_FILES.find(([pattern]) => pattern.test(file.path))?.[1];
  if (file.change !== "changed") return known ?? (names.hasCounterpart(file) ? NAME : undefined);
  if (file.aspects.every((aspect) => aspect === "time")) return TIMES;
  if (contents !== undefined) return contentCause(contents, known);
  if (known !== undefined && file.aspects.includes("content")) return known;
  if (file.aspects.includes("mode")) return MODES;
  if (file.aspects.includes("owner")) return OWNERS;
  return known;
}

/** Why a member of the config or the manifest differs. */
export function causeOfField({ field, a, b }: FieldDifference): Cause | undefined {
  if (/(^|\.)created$/.test(field)) return { ...TIMES, why: "it is the time of the build" };
  if (typeof a !== "string" || typeof b !== "string") return undefined;
  return clueIn(Buffer.from(a), Buffer.from(b));
}

function contentCause({ a, b, at }: Contents, known: Cause | undefined): Cause | undefined {
  const from = Math.max(0, at - AROUND);
  const [ours, theirs] = [a, b].map((content) => readPart(content, from, 2 * AROUND).toString("latin1"));
  if (ours === undefined || theirs === undefined) return known;
  if (known !== undefined) return known;
  if (readPart(a, 0, 4).toString("latin1") === "\x7fELF" || ours.startsWith("!<arch>")) return BINARY;
  const clue = clueAt({ a: ours, b: theirs, at: at - from });
  if (clue !== undefined) return clue;
  const whole = [a, b].map((content) => readPart(content, 0, WHOLE + 1).toString("latin1"));
  const [first = "", second = ""] = whole;
  return first.length <= WHOLE && reordered(first, second) ? ORDER : undefined;
}

function clueIn(a: Buffer, b: Buffer): Cause | undefined {
  const texts = [a, b].map((data) => data.toString("latin1"));
  const [ours = "", theirs = ""] = texts;
  let at = 0;
  while (at < ours.length && ours[at] === theirs[at]) at++;
  return clueAt({ a: ours, b: theirs, at });
}

/** Names that are in one build alone, by directory: a file of the other build may have a like one. */
export class LoneNames {
  readonly #shapes = new Map<string, string[]>();

  constructor(files: readonly FileDifference[]) {
    for (const { change, path } of files) {
      if (change === "changed") continue;
      const key = `${change}\0${parentOf(path)}`;
      const shapes = this.#shapes.get(key) ?? [];
      this.#shapes.set(key, shapes);
      if (shapes.length < MAX_SHAPES) shapes.push(shapeOf(baseOf(path)));
    }
  }

  hasCounterpart({ change, path }: FileDifference): boolean {
    const other = change === "added" ? "removed" : "added";
    const shape = shapeOf(baseOf(path));
    return this.#shapes.get(`${other}\0${parentOf(path)}`)?.some((name) => alike(name, shape)) ?? false;
  }
}

/** A name without what is random in it: runs of digits. */
function shapeOf(name: string): string {
  return name.replace(/[0-9a-f]{8,}|\d+/gi, "0");
}

function alike(a: string, b: string): boolean {
  if (a === b) return true;
  let same = 0;
  while (same < Math.min(a.length, b.length) && a[same] === b[same]) same++;
  return same >= 3 && Math.abs(a.length - b.length) <= 4;
}
