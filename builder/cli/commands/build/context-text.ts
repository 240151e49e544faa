import type { ContextPath, ContextReport } from "../../../api/context-report.ts";
import type { IgnoreRule } from "../../../context/types.ts";
import { printable } from "../../../core/bytes.ts";
import { formatBytes } from "../../../core/units.ts";
import { table } from "../../table.ts";

const LARGEST = 10;

/** The summary: the largest parts, the largest files, what is ignored, and what looks like a mistake. */
export function contextText(report: ContextReport): string {
  const { files, ignored, mistakes } = report;
  const parts = partsOf(report);
  const largest = files.toSorted(bySize).slice(0, LARGEST);
  return [
    `COPY can take ${amount(files.length, sumOf(files))}\n`,
    section(
      "",
      ["SIZE", "FILES", "PATH"],
      parts.map(([path, { count, size }]) => [formatBytes(size), String(count), path]),
    ),
    // Without a directory each stands above already.
    files.length === parts.length
      ? ""
      : section(
          "Largest files",
          ["SIZE", "PATH"],
          largest.map((file) => [formatBytes(file.size), printable(file.path)]),
        ),
    section(
      `Ignored: ${amount(
        ignored.reduce((sum, one) => sum + one.files, 0),
        sumOf(ignored),
      )}`,
      ["SIZE", "FILES", "BY", "PATH"],
      ignored
        .toSorted(bySize)
        .map((one) => [
          formatBytes(one.size),
          String(one.files),
          place(one.rule),
          printable(one.path) + (one.type === "directory" ? "/" : ""),
        ]),
    ),
    mistakes.length === 0
      ? ""
      : `\nUsually a mistake; a line in .dockerignore hides it:\n${mistakes.map(({ path, reason }) => `  ${printable(path)}: ${reason}\n`).join("")}`,
  ].join("");
}

/** Every file, for other programs: bytes, a tab and the path. */
export function fileList({ files }: ContextReport): string {
  return files.map(({ path, size }) => `${size}\t${printable(path)}\n`).join("");
}

/** Why a path is taken or not. */
export function pathText({ path, verdict, rule }: ContextPath): string {
  const name = printable(path);
  if (verdict === "missing") return `${name} is not there\n`;
  if (rule === undefined) return `${name} can be copied: no pattern matches it\n`;
  const by = `${place(rule)} says ${printable(rule.pattern)}`;
  return verdict === "ignored" ? `${name} is ignored: ${by}\n` : `${name} can be copied: ${by}\n`;
}

/** As JSON; paths that are no UTF-8 are escaped as in the text. */
export function contextJson(answer: ContextReport | ContextPath): string {
  return `${JSON.stringify(answer, readable, 2)}\n`;
}

function readable(key: string, value: unknown): unknown {
  return (key === "path" || key === "pattern") && typeof value === "string" ? printable(value) : value;
}

/** Sums by what lies at the top, the largest first. */
function partsOf({ files }: ContextReport): readonly (readonly [string, { count: number; size: number }])[] {
  const parts = new Map<string, { count: number; size: number }>();
  for (const { path, size } of files) {
    const slash = path.indexOf("/");
    const top = slash < 0 ? printable(path) : `${printable(path.slice(0, slash))}/`;
    const part = parts.get(top) ?? { count: 0, size: 0 };
    part.count++;
    part.size += size;
    parts.set(top, part);
  }
  return [...parts].sort(([, a], [, b]) => b.size - a.size);
}

function section(title: string, header: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? "" : `\n${title === "" ? "" : `${title}\n`}${table(header, rows)}`;
}

function amount(count: number, size: number): string {
  return `${count} ${count === 1 ? "file" : "files"}, ${formatBytes(size)}`;
}

function sumOf(files: readonly { readonly size: number }[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

function bySize(a: { readonly size: number }, b: { readonly size: number }): number {
  return b.size - a.size;
}

function place({ file, line }: IgnoreRule): string {
  return `${file}:${line}`;
}
