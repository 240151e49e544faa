/**
 * Tokens that say themselves what they are, by the prefixes that their services gave them for this purpose, and keys by
 * their armour. What needs guessing (long random words) is left out: a warning that is usually wrong is soon not read.
 */
const PATTERNS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a private key", /-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY(?: BLOCK)?-----/g],
  ["an AWS access key", /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g],
  ["a GitHub token", /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})\b/g],
  ["a GitLab token", /\bglpat-[A-Za-z0-9_-]{20,64}/g],
  ["an npm token", /\bnpm_[A-Za-z0-9]{36}\b|:_authToken=(?!\$)[^\s"']{8,512}/g],
  ["a PyPI token", /\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,512}/g],
  ["a Docker Hub token", /\bdckr_pat_[A-Za-z0-9_-]{20,64}/g],
  ["a Slack token", /\bxox[abprs]-[A-Za-z0-9-]{10,255}/g],
  ["a Google API key", /\bAIza[0-9A-Za-z_-]{35}\b/g],
  ["a Stripe key", /\b[rs]k_live_[0-9A-Za-z]{24,255}/g],
  ["a Hugging Face token", /\bhf_[A-Za-z0-9]{34}\b/g],
  ["an Anthropic or OpenAI key", /\bsk-(?:ant-|proj-)[A-Za-z0-9_-]{32,255}/g],
];
/** A password in an address. What is a variable or a placeholder is none. */
const URL_PASSWORD = /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@'"$<{]{1,256}:(?![$<{*])[^\s/@'"]{3,256}@/gi;

/** Whether something like it can be in a text at all: looks at it once, where the patterns would twelve times. */
const HINTS =
  /PRIVATE KEY|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|npm_|_authToken|pypi-AgE|dckr_pat_|xox[abprs]-|AIza|k_live_|hf_|sk-(?:ant|proj)-/;

/** What is in a text, and where it begins. */
export interface Match {
  readonly what: string;
  readonly at: number;
}

/** Tokens and keys in a file. */
export function matchesIn(text: string): readonly Match[] {
  if (!HINTS.test(text)) return [];
  return PATTERNS.flatMap(([what, pattern]) =>
    [...text.matchAll(pattern)].map(({ index }) => ({ what, at: index })),
  );
}

/** The same in a setting or a command, and passwords in addresses. */
export function matchesInSetting(text: string): readonly Match[] {
  const addresses = text.includes("://") ? text.matchAll(URL_PASSWORD) : [];
  const passwords = [...addresses].map(({ index }) => ({
    what: "a password in an address",
    at: index,
  }));
  return [...matchesIn(text), ...passwords];
}
