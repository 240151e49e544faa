import { closeSync, openSync, readSync } from "node:fs";
import type { Entry } from "../core/entry.ts";
import type { Layer } from "../layers/types.ts";
import { matchesIn } from "./patterns.ts";
import type { Leak, SecretValue } from "./types.ts";

/** Files that are read: those of a size and a name that settings and keys have, or all small ones where that is asked for. */
const SMALL = 64 << 10;
const THOROUGH = 1 << 20;
/** Files of one layer that are read where nobody asked for more: 20,000 small ones would take longer than to copy them. */
const MOST_FILES = 2000;
const CHUNK = 1 << 20;
/** Shorter values are found by chance. */
const MIN_VALUE = 6;

const SETTINGS =
  /(?:^|\/)(?:\.[^/]+|[^/]*(?:config|settings|credential|secret|token|passw|key)[^/]*|[^/]+\.(?:env|pem|key|json|ya?ml|toml|ini|conf|cfg|properties|xml|sh|bash_history|tfvars|tfstate|sql))$/i;

type File = { readonly entry: Entry; readonly offset: number };

/** What of a layer looks like a secret. With `thorough` every file up to 1 MiB is read. */
export async function scanLayer(
  layer: Layer,
  step: string,
  values: readonly SecretValue[],
  thorough: boolean,
): Promise<readonly Leak[]> {
  const { changes } = await layer.index();
  const files = changes.flatMap((change): File[] =>
    change.kind === "entry" && change.entry.type === "file" && change.offset !== undefined
      ? [{ entry: change.entry, offset: change.offset }]
      : [],
  );
  const read = thorough
    ? files.filter(({ entry }) => entry.size <= THOROUGH)
    : files.filter(({ entry }) => entry.size <= SMALL && SETTINGS.test(entry.path)).slice(0, MOST_FILES);
  const long = values.filter(({ value }) => value.length >= MIN_VALUE);
  if (read.length === 0 && (long.length === 0 || files.length === 0)) return [];
  const { path } = await layer.tar();
  const tar = openSync(path, "r");
  try {
    return [...leaksIn(tar, read, step), ...long.flatMap((value) => valueIn(tar, files, step, value))];
  } finally {
    closeSync(tar);
  }
}

function leaksIn(tar: number, files: readonly File[], step: string): Leak[] {
  const buffer = Buffer.allocUnsafe(THOROUGH);
  return files.flatMap(({ entry, offset }) => {
    const text = buffer.toString("latin1", 0, readSync(tar, buffer, 0, entry.size, offset));
    const seen = new Set<string>();
    return matchesIn(text).flatMap(({ what, at }): Leak[] => {
      // A file of a hundred keys is one finding.
      if (seen.has(what)) return [];
      seen.add(what);
      return [{ what, step, path: entry.path, line: lineAt(text, at) }];
    });
  });
}

function lineAt(text: string, at: number): number {
  let line = 1;
  for (let end = text.indexOf("\n"); end >= 0 && end < at; end = text.indexOf("\n", end + 1)) line++;
  return line;
}

/** Files that have a value in them, of whatever size. */
function valueIn(tar: number, files: readonly File[], step: string, { id, value }: SecretValue): Leak[] {
  // The line break at the end of a file is no part of a password.
  const wanted = Buffer.from(value.toString("latin1").trimEnd(), "latin1");
  if (wanted.length < MIN_VALUE) return [];
  const buffer = Buffer.allocUnsafe(CHUNK + wanted.length);
  const has = ({ entry, offset }: File): boolean => {
    for (let at = 0; at < entry.size; at += CHUNK) {
      const size = Math.min(buffer.length, entry.size - at);
      if (buffer.subarray(0, readSync(tar, buffer, 0, size, offset + at)).includes(wanted)) return true;
    }
    return false;
  };
  return files
    .filter(has)
    .map(({ entry }) => ({ what: `the value of --secret ${id}`, step, path: entry.path }));
}
