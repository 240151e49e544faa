import type { HistoryEntry, RunConfig } from "../image/types.ts";
import { matchesInSetting } from "./patterns.ts";
import type { Leak, SecretValue } from "./types.ts";

const HISTORY = "the image's history";

/** What of an image's config looks like a secret: its history, environment and labels, which anybody who pulls it can read. */
export function scanConfig(
  config: RunConfig,
  history: readonly HistoryEntry[],
  values: readonly SecretValue[],
): readonly Leak[] {
  const env = (config.Env ?? []).map((text) => [`ENV ${text.split("=", 1)[0] ?? ""}`, text] as const);
  const labels = Object.entries(config.Labels ?? {}).map(([name, text]) => [`LABEL ${name}`, text] as const);
  const lines = history.map(({ created_by: text = "" }) => [HISTORY, text] as const);
  const found = new Map<string, Leak>();
  const seen = (what: string): boolean => [...found.values()].some((leak) => leak.what === what);
  for (const [step, text] of [...env, ...labels, ...lines]) {
    const whats = matchesInSetting(text).map(({ what }) => what);
    for (const { id, value } of values) {
      const plain = value.toString().trimEnd();
      if (plain.length >= 6 && text.includes(plain)) whats.push(`the value of --secret ${id}`);
    }
    // What stands in a setting stands in the history as well.
    for (const what of whats)
      if (!(step === HISTORY && seen(what))) found.set(`${what} ${step}`, { what, step });
  }
  return [...found.values()];
}
