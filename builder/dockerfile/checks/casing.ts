import { keywordOf } from "./keyword.ts";
import type { Check } from "./types.ts";

/** ConsistentInstructionCasing: every keyword is spelt as most of them are (BuildKit validateCommandCasing). */
export const checkCasing: Check = ({ instructions }) => {
  const first = instructions.findIndex(({ kind }) => kind === "from");
  // ARG before the first FROM belongs to no stage, and is not looked at.
  const keywords = instructions.slice(Math.max(first, 0)).map(keywordOf);
  const lower = keywords.filter(({ text }) => text === text.toLowerCase()).length;
  const upper = keywords.filter(({ text }) => text === text.toUpperCase()).length;
  const wanted = lower > upper ? "lowercase" : "uppercase";
  return keywords.flatMap(({ text, range }) => {
    const spelt = lower > upper ? text.toLowerCase() : text.toUpperCase();
    if (text === spelt) return [];
    return {
      rule: "ConsistentInstructionCasing",
      message: `Instruction "${text}" is not in ${wanted} as most of this file`,
      range,
      fix: `write ${spelt}`,
    };
  });
};
