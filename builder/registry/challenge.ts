/** What a 401 asks for (RFC 9110, 11.6.1; distribution's token specification). */
export type Challenge =
  | { readonly scheme: "basic" }
  | {
      readonly scheme: "bearer";
      readonly realm: string;
      readonly service: string | undefined;
      readonly scope: string | undefined;
    };

const MAX_HEADER = 8 * 1024;
// One alternative per first character, each linear: the header is the server's.
const PART = /([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g;

/** The strongest challenge of a WWW-Authenticate header that we can meet; several may stand in one header. */
export function parseChallenge(header: string): Challenge | undefined {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const [, name = "", quoted, plain] of header.slice(0, MAX_HEADER).matchAll(PART)) {
    const value = quoted?.replace(/\\(.)/g, "$1") ?? plain;
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
    else challenges.at(-1)?.parameters.set(name.toLowerCase(), value);
  }
  const bearer = challenges.find(({ scheme, parameters }) => scheme === "bearer" && parameters.has("realm"));
  if (bearer !== undefined) {
    return {
      scheme: "bearer",
      realm: bearer.parameters.get("realm") ?? "",
      service: bearer.parameters.get("service"),
      scope: bearer.parameters.get("scope"),
    };
  }
  return challenges.some(({ scheme }) => scheme === "basic") ? { scheme: "basic" } : undefined;
}
