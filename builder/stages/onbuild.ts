import type { Range } from "../core/diagnostic.ts";
import { parseTrigger } from "../dockerfile/parse.ts";
import type { Instruction } from "../dockerfile/types.ts";
import type { Problems } from "./problems.ts";
import type { Stage } from "./types.ts";

/** A trigger was cut out of another Dockerfile: `# escape` of this one says nothing about it (BuildKit initOnBuildTriggers). */
const TRIGGER_ESCAPE = "\\";

/** Reads the triggers of a stage's base; what is wrong with one is reported at FROM, where it comes in. */
export function readTriggers(
  texts: readonly string[],
  { from }: Stage,
  problems: Problems,
): readonly Instruction[] {
  return texts.flatMap((text) => {
    const { instruction, diagnostics } = parseTrigger(text, problems.source, TRIGGER_ESCAPE);
    const wrong = diagnostics.find(({ severity }) => severity === "error");
    if (wrong !== undefined || instruction === undefined) {
      const reason = wrong?.message ?? "it is not one instruction";
      problems.error(
        "InvalidTrigger",
        `Cannot run ONBUILD ${text} of the base image: ${reason}`,
        from.range,
        {
          reason: wrong?.reason,
          fix: wrong?.fix,
        },
      );
      return [];
    }
    return [relocate(instruction, from.range)];
  });
}

/** Triggers that a stage leaves to the stages built on it. */
export function triggersOf(stage: Stage): readonly string[] {
  return stage.instructions.flatMap((one) => (one.kind === "onbuild" ? one.trigger : []));
}

/** The same instruction with every range in it replaced: a trigger's text is not in the Dockerfile. */
function relocate<T>(value: T, range: Range): T {
  if (Array.isArray(value)) return value.map((item: unknown) => relocate(item, range)) as T;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    key === "range" ? range : relocate(item, range),
  ]);
  return Object.fromEntries(entries) as T;
}
