import type { StepRecord } from "./types.ts";

type Step = Pick<StepRecord, "stage" | "instruction" | "recorded">;

/** Beyond so many comparisons only equal instructions are matched. */
const MAX_COMPARISONS = 40_000;
/** A name that a stage has by its number alone. */
const NUMBERED = /^stage-\d+$/;

/**
 * Which step of one build each step of another one was: by number, for those that have a counterpart. Stages are matched
 * first, then within a stage the longest run of alike instructions, so that one that was put in between makes nothing
 * else look changed.
 */
export function alignSteps(before: readonly Step[], after: readonly Step[]): ReadonlyMap<number, number> {
  const matches = new Map<number, number>();
  const [old, now] = [stagesOf(before), stagesOf(after)];
  for (const [stage, oldStage] of matchStages(old, now)) {
    const [was, is] = [old.get(oldStage) ?? [], now.get(stage) ?? []];
    for (const [a, b] of alignStage(was, is)) matches.set(b.number, a.number);
  }
  return matches;
}

interface Numbered {
  readonly number: number;
  readonly instruction: string;
  readonly words: ReadonlySet<string>;
}

type Stages = ReadonlyMap<string, readonly Numbered[]>;

function stagesOf(steps: readonly Step[]): Stages {
  const stages = new Map<string, Numbered[]>();
  for (const [number, { stage, instruction, recorded }] of steps.entries()) {
    if (!recorded) continue;
    const list = stages.get(stage) ?? [];
    list.push({ number, instruction, words: new Set(instruction.split(/\s+/)) });
    stages.set(stage, list);
  }
  return stages;
}

/** New stage → old stage: of the same name; else the one with the most instructions in common; else in order. */
function matchStages(old: Stages, now: Stages): Map<string, string> {
  const pairs = new Map<string, string>();
  const free = new Set(old.keys());
  const pair = (stage: string, oldStage: string): void => {
    pairs.set(stage, oldStage);
    free.delete(oldStage);
  };
  for (const stage of now.keys()) if (free.has(stage) && !NUMBERED.test(stage)) pair(stage, stage);
  const candidates = [...now].flatMap(([stage, steps]) =>
    pairs.has(stage)
      ? []
      : [...free].map((other) => ({ stage, other, common: commonIn(old.get(other) ?? [], steps) })),
  );
  const best = candidates.filter(({ common }) => common > 0).sort((a, b) => b.common - a.common);
  for (const { stage, other } of best) if (!pairs.has(stage) && free.has(other)) pair(stage, other);
  for (const stage of now.keys()) {
    const [next] = free;
    if (!pairs.has(stage) && next !== undefined) pair(stage, next);
  }
  return pairs;
}

function commonIn(a: readonly Numbered[], b: readonly Numbered[]): number {
  const known = new Set(a.map(({ instruction }) => instruction));
  return b.filter(({ instruction }) => known.has(instruction)).length;
}

/** The pairs with the highest sum of likeness that do not cross (Needleman and Wunsch). */
function alignStage(old: readonly Numbered[], now: readonly Numbered[]): [Numbered, Numbered][] {
  const exact = old.length * now.length > MAX_COMPARISONS;
  const width = now.length + 1;
  const best = new Float64Array((old.length + 1) * width);
  const at = (row: number, column: number): number => best[row * width + column] ?? 0;
  const scores = old.map((a) => Float64Array.from(now, (b) => likeness(a, b, exact)));
  for (let row = old.length - 1; row >= 0; row--)
    for (let column = now.length - 1; column >= 0; column--) {
      const score = scores[row]?.[column] ?? 0;
      const paired = score > 0 ? score + at(row + 1, column + 1) : 0;
      best[row * width + column] = Math.max(at(row + 1, column), at(row, column + 1), paired);
    }
  const pairs: [Numbered, Numbered][] = [];
  let [row, column] = [0, 0];
  for (;;) {
    const [a, b] = [old[row], now[column]];
    if (a === undefined || b === undefined) return pairs;
    const score = scores[row]?.[column] ?? 0;
    if (score > 0 && at(row, column) === score + at(row + 1, column + 1)) {
      pairs.push([a, b]);
      row += 1;
      column += 1;
    } else if (at(row, column) === at(row + 1, column)) row += 1;
    else column += 1;
  }
}

/** 4 for the same text, 1 to 3 for another text with the same keyword, 0 for what is never the same step. */
function likeness(a: Numbered, b: Numbered, exact: boolean): number {
  if (a.instruction === b.instruction) return 4;
  if (exact || keyword(a) !== keyword(b)) return 0;
  const shared = [...a.words].filter((word) => b.words.has(word)).length;
  return 1 + (2 * shared) / (a.words.size + b.words.size - shared);
}

function keyword({ instruction }: Numbered): string {
  return instruction.slice(0, instruction.indexOf(" ")).toUpperCase();
}
