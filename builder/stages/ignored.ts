import { bytesOf } from "../core/bytes.ts";
import { cleanPath } from "../core/paths.ts";
import type { CopyInstruction } from "../dockerfile/types.ts";
import type { Work } from "./context.ts";

/** CopyIgnoredFile: a source that is in the context, but hidden from the build. `paths` are the values of the sources. */
export function warnOfIgnored(
  { kind, sources }: CopyInstruction,
  paths: readonly string[],
  { options, problems }: Pick<Work, "options" | "problems">,
): void {
  for (const [index, word] of sources.entries()) {
    const path = cleanPath(`/${paths[index] ?? ""}`).slice(1);
    const rule = path === "" ? undefined : options.ignored?.(bytesOf(path));
    if (rule === undefined) continue;
    const message = `${kind.toUpperCase()} takes "${path}", which ${rule.file} hides`;
    problems.warning("CopyIgnoredFile", message, word.range, {
      reason: `line ${rule.line} of ${rule.file} has the pattern "${rule.pattern}"`,
      fix: `remove the pattern, or write !${path} below it`,
    });
  }
}
