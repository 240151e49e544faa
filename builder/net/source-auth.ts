import { TsbuildError } from "../core/errors.ts";
import { registerSecret } from "../core/redact.ts";

/** The value of a secret of the build, where it was given one of that id. */
export type SecretOf = (id: string) => Buffer | undefined;

/** What git sends along to URLs that begin with `scope`. */
export interface GitAuthorization {
  readonly scope: string;
  readonly header: string;
}

/**
 * What secrets say about an HTTP download: HTTP_AUTH_TOKEN_host or, as a whole header, HTTP_AUTH_HEADER_host; of the two
 * the token counts, and the port does not (BuildKit source/http newHTTPRequest).
 */
export function httpAuthorization({ hostname }: URL, secretOf: SecretOf): string | undefined {
  const host = hostname.replace(/^\[|\]$/g, "");
  const token = textOf(`HTTP_AUTH_TOKEN_${host}`, secretOf);
  return token === undefined ? textOf(`HTTP_AUTH_HEADER_${host}`, secretOf) : `Bearer ${token}`;
}

/**
 * What secrets say about a repository: GIT_AUTH_HEADER.host, GIT_AUTH_TOKEN.host, and the same without a host; the first
 * that there is (BuildKit source/git authSecretNames, where the host has its port). It is for that repository alone, but
 * for GitHub, whose submodules take it too.
 */
export function gitAuthorization(remote: string, secretOf: SecretOf): GitAuthorization | undefined {
  if (!/^https?:/i.test(remote)) return undefined;
  const url = new URL(remote);
  url.username = "";
  url.password = "";
  const github = /^https:\/\/(?:www\.)?github\.com\//.exec(url.href);
  const scope = github?.[0] ?? url.href;
  for (const suffix of [`.${url.host}`, ""]) {
    const header = textOf(`GIT_AUTH_HEADER${suffix}`, secretOf);
    if (header !== undefined) return { scope, header };
    const token = textOf(`GIT_AUTH_TOKEN${suffix}`, secretOf);
    if (token !== undefined) return { scope, header: basic("x-access-token", token) };
  }
  return undefined;
}

/** Basic authorization; what it is made of is printed nowhere from now on. */
export function basic(user: string, password: string): string {
  const encoded = Buffer.from(`${user}:${password}`).toString("base64");
  registerSecret(encoded);
  registerSecret(password);
  return `Basic ${encoded}`;
}

/** Editors and `echo` leave a newline at the end of a file. */
function textOf(id: string, secretOf: SecretOf): string | undefined {
  const text = secretOf(id)
    ?.toString("utf8")
    .replace(/[\r\n]+$/, "");
  if (text === undefined || text === "") return undefined;
  registerSecret(text);
  // The scheme of a header is no secret, but what follows it is.
  for (const word of text.split(" ").slice(1)) registerSecret(word);
  // oxlint-disable-next-line no-control-regex
  if (!/[\u0000-\u001f\u007f]/.test(text)) return text;
  throw new TsbuildError(
    "USAGE",
    `Cannot use secret "${id}": it has characters that no HTTP header may have`,
    {
      hint: "it has to be one line",
    },
  );
}
