import { keywordOf, keywordRange } from "./keyword.ts";
import type { Check, Finding } from "./types.ts";

/** ConsistentInstructionCasing: every keyword is spelt as most of them are (BuildKit validateCommandCasing). */
export const checkCasing: Check = ({ instructions }) => {
  // ARG before the first FROM belongs to no stage, and is not looked at.
  const first = instructions.findIndex(({ kind }) => kind === "from");
  const checked = first > 0 ? instructions.slice(first) : instructions;
  let [lower, upper] = [0, 0];
  for (const instruction of checked) {
    const text = keywordOf(instruction);
    if (text === text.toLowerCase()) lower++;
    if (text === text.toUpperCase()) upper++;
  }
  const findings: Finding[] = [];
  for (const instruction of checked) {
    const text = keywordOf(instruction);
    const spelt = lower > upper ? text.toLowerCase() : text.toUpperCase();
    if (text === spelt) continue;
    findings.push({
      rule: "ConsistentInstructionCasing",
      message: `Instruction "${text}" is not in ${lower > upper ? "lowercase" : "uppercase"} as most of this file`,
      range: keywordRange(instruction),
      fix: `write ${spelt}`,
    });
  }
  return findings;
};
