const secrets = new Set<string>();

/** From now on this value is printed as `***` wherever an error or an event carries it. */
export function registerSecret(value: string): void {
  // Replacing very short values would garble every message without hiding anything.
  if (value.length >= 4) secrets.add(value);
}

// Linear: neither part can contain what ends it.
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@]{1,4096}@/gi;

/** The text without registered secrets and without the credentials of URLs. */
export function redact(text: string): string {
  let result = text.includes("@") ? text.replace(URL_CREDENTIALS, "$1***@") : text;
  for (const secret of secrets) if (result.includes(secret)) result = result.replaceAll(secret, "***");
  return result;
}
