import { bytesOf, type Bytes } from "../core/bytes.ts";
import type { Tree } from "../core/entry.ts";
import { insideRoot, joinPath } from "../core/paths.ts";
import { whySuspicious } from "../context/suspicious.ts";
import type { BuildContext } from "../context/types.ts";
import { openContexts } from "../inputs/open-contexts.ts";
import type { Session } from "../session/session.ts";
import type { ContextFile, ContextPath, ContextReport, IgnoredPath } from "../api/context-report.ts";
import type { BuildOptions } from "../api/types.ts";

/** Walks the context once: what COPY can take, and what is hidden from it. */
export async function reportContext(session: Session, options: BuildOptions): Promise<ContextReport> {
  const { main } = await openContexts(session, options);
  const files: ContextFile[] = [];
  const ignored: IgnoredPath[] = [];
  const mistakes: { path: Bytes; reason: string }[] = [];
  const visit = (directory: Bytes, inMistake: boolean): void => {
    for (const name of (main.everything ?? main).list(directory)) {
      const path = joinPath(directory, name);
      const entry = main.stat(path);
      if (entry === undefined) {
        addIgnored(main, path, ignored);
        continue;
      }
      const reason = inMistake ? undefined : whySuspicious(path, entry.type);
      if (reason !== undefined) mistakes.push({ path, reason });
      if (entry.type === "directory") visit(path, inMistake || reason !== undefined);
      else files.push({ path, type: entry.type, size: entry.size });
    }
  };
  visit("" as Bytes, false);
  return { name: main.name, files, ignored, mistakes };
}

function addIgnored(context: BuildContext, path: Bytes, ignored: IgnoredPath[]): void {
  const rule = context.ignoredBy(path);
  const tree = context.everything;
  const type = tree?.stat(path)?.type;
  if (rule === undefined || tree === undefined || type === undefined) return;
  ignored.push({ path, type, rule, ...sumOf(tree, path) });
}

function sumOf(tree: Tree, path: Bytes): { readonly files: number; readonly size: number } {
  const entry = tree.stat(path);
  if (entry === undefined) return { files: 0, size: 0 };
  if (entry.type !== "directory") return { files: 1, size: entry.size };
  let files = 0;
  let size = 0;
  for (const name of tree.list(path)) {
    const sum = sumOf(tree, joinPath(path, name));
    files += sum.files;
    size += sum.size;
  }
  return { files, size };
}

/** Says which rule decides what becomes of a path, which is relative to the context. */
export async function reportPath(
  session: Session,
  text: string,
  options: BuildOptions,
): Promise<ContextPath> {
  const { main } = await openContexts(session, options);
  const path = insideRoot(bytesOf(text));
  const there = (main.everything ?? main).stat(path) !== undefined;
  if (!there) return { path, verdict: "missing" };
  const verdict = main.stat(path) === undefined ? "ignored" : "taken";
  const rule = main.ignoredBy(path) ?? main.broughtBackBy?.(path);
  return { path, verdict, ...(rule === undefined ? {} : { rule }) };
}
