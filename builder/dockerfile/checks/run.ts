import type { Diagnostic } from "../../core/diagnostic.ts";
import { checkCasing } from "./casing.ts";
import { checkDescriptions } from "./descriptions.ts";
import { checkMaintainer, checkOnce } from "./once.ts";
import { checkPlatformFlags } from "./platform-flags.ts";
import { checkSecrets } from "./secrets.ts";
import type { Check, Checked } from "./types.ts";

const CHECKS: readonly Check[] = [
  checkCasing,
  checkDescriptions,
  checkMaintainer,
  checkOnce,
  checkPlatformFlags,
  checkSecrets,
];

/**
 * The rules that need nothing but the instructions. Those about how one instruction is spelt are in its parser; those
 * that need values, images or the context are where stages are worked out.
 */
export function runChecks(checked: Checked): readonly Diagnostic[] {
  const { source } = checked;
  const found: Diagnostic[] = [];
  for (const check of CHECKS)
    for (const finding of check(checked)) found.push({ severity: "warning", source, ...finding });
  return found;
}
