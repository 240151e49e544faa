import { parseExecForm } from "../exec-form.ts";
import type { ExposeInstruction, VolumeInstruction, Word } from "../types.ts";
import { splitBlanks } from "../words.ts";
import { reportNotStrings } from "./read-command.ts";
import { readFlags } from "./read-flags.ts";
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
  const paths = readPaths(scope);
  if (paths === undefined) return undefined;
  if (paths.length === 0) return reportMissing(scope, "VOLUME has no path", "write for example VOLUME /data");
  if (paths.some((path) => path.raw.trim() === "")) {
    scope.report({
      rule: "InvalidVolume",
      message: "The path of a volume cannot be empty",
      span: scope.rest,
    });
    return undefined;
  }
  return { kind: "volume", ...scope.base, paths };
}

function readPaths(scope: Scope): readonly Word[] | undefined {
  const exec = parseExecForm(scope.rest);
  if (exec.form === "shell") return splitBlanks(scope.rest).map((span) => toWord(scope, span));
  if (exec.form === "json") {
    return exec.values.map((value, index) => ({
      raw: value.trim(),
      range: scope.rangeOf(exec.spans[index] ?? scope.rest),
    }));
  }
  reportNotStrings(scope, scope.rest);
  return undefined;
}
