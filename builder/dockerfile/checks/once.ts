import type { Instruction } from "../types.ts";
import type { Check, Finding } from "./types.ts";

const ONCE = new Set<Instruction["kind"]>(["cmd", "entrypoint", "healthcheck"]);

/** MultipleInstructionsDisallowed: the one that has no effect is shown, which is every one but the last. */
export const checkOnce: Check = function* ({ instructions }): Generator<Finding> {
  const latest = new Map<Instruction["kind"], Instruction>();
  for (const instruction of instructions) {
    const { kind, range } = instruction;
    if (kind === "from") latest.clear();
    if (!ONCE.has(kind)) continue;
    const earlier = latest.get(kind);
    latest.set(kind, instruction);
    if (earlier === undefined) continue;
    const name = kind.toUpperCase();
    yield {
      rule: "MultipleInstructionsDisallowed",
      message: `This ${name} has no effect: the stage has another one on line ${range.start.line + 1}`,
      range: earlier.range,
      reason: `only the last ${name} of a stage counts`,
      fix: "remove it",
    };
  }
};

/** MaintainerDeprecated. */
export const checkMaintainer: Check = function* ({ instructions }): Generator<Finding> {
  for (const instruction of instructions) {
    if (instruction.kind !== "maintainer") continue;
    yield {
      rule: "MaintainerDeprecated",
      message: "MAINTAINER is deprecated: a label names the author of an image",
      range: instruction.range,
      fix: `write LABEL org.opencontainers.image.authors=${JSON.stringify(instruction.name)}`,
    };
  }
};
