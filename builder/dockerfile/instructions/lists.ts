import type { ExposeInstruction, VolumeInstruction } from "../types.ts";
import { splitBlanks } from "../words.ts";
import { readFlags } from "./read-flags.ts";
import { readWords } from "./read-words.ts";
import { reportMissing, toWord, type Scope } from "./scope.ts";

/** EXPOSE. */
export function parseExpose(scope: Scope): ExposeInstruction | undefined {
  readFlags(scope, {});
  const ports = splitBlanks(scope.rest).map((span) => toWord(scope, span));
  if (ports.length === 0)
    return reportMissing(scope, "EXPOSE has no port", "write for example EXPOSE 8080/tcp");
  return { kind: "expose", ...scope.base, ports };
}

/** VOLUME, in both forms. */
export function parseVolume(scope: Scope): VolumeInstruction | undefined {
  readFlags(scope, {});
  const read = readWords(scope);
  if (read === undefined) return undefined;
  const paths = read.words.map(({ raw, range }) => ({ raw: raw.trim(), range }));
  if (paths.length === 0) return reportMissing(scope, "VOLUME has no path", "write for example VOLUME /data");
  if (paths.some((path) => path.raw === "")) {
    scope.report({
      rule: "InvalidVolume",
      message: "The path of a volume cannot be empty",
      span: scope.rest,
    });
    return undefined;
  }
  return { kind: "volume", ...scope.base, paths };
}
