import { shortDigest } from "../../../core/digest.ts";
import { printable } from "../../../core/bytes.ts";
import type {
  Cause,
  Face,
  FieldDifference,
  FileDifference,
  LayerDifference,
} from "../../../compare/types.ts";
import { formatBytes } from "../../../core/units.ts";
import type { Style } from "../../../progress/types.ts";
import type { Comparison } from "../../../api/types.ts";

/** What differs, for people: the config, then the files of each layer, then how many they are. */
export function comparisonText({ a, b, difference }: Comparison, style: Style): string {
  const { fields, layers } = difference;
  const longest = Math.max(a.name.length, b.name.length);
  const lines = [a, b].map(
    ({ name, manifest }) => `${style.bold(name.padEnd(longest))}  ${style.dim(shortDigest(manifest.digest))}`,
  );
  if (difference.equal) return `${lines.join("\n")}\n\nThe images are equal\n`;
  if (fields.length > 0)
    lines.push("", style.bold("config"), ...fields.flatMap((field) => fieldLines(field, style)));
  for (const layer of layers) {
    lines.push("", style.bold(layerTitle(layer)));
    if (layer.repacked) lines.push("  the same files, but written down in another way or order");
    const width = Math.min(48, Math.max(0, ...layer.files.map(({ path }) => printable(path).length + 1)));
    for (const file of layer.files) lines.push(fileLine(file, width, style));
  }
  const causes = causesIn(fields, layers);
  if (causes.length > 0)
    lines.push("", style.bold("likely causes"), ...causes.flatMap((cause) => causeLines(cause, style)));
  return `${[...lines, "", summary(fields, layers)].join("\n")}\n`;
}

function layerTitle({ a, b }: LayerDifference): string {
  const ref = b ?? a;
  if (ref === undefined) return "directories that no layer describes";
  const side =
    a !== undefined && b !== undefined && a.number === b.number
      ? ""
      : b === undefined
        ? " of the first"
        : a === undefined
          ? " of the second"
          : ` (${a.number} of the first)`;
  return `layer ${ref.number}${side}: ${short(ref.createdBy ?? ref.diffId, 100)}`;
}

function fieldLines({ field, a, b, cause }: FieldDifference, style: Style): string[] {
  const [ours, theirs] = [a, b].map((value) =>
    value === undefined ? undefined : short(JSON.stringify(value), 80),
  );
  const tail = cause === undefined ? "" : style.dim(`  (${cause.id})`);
  if (ours === undefined) return [`  ${style.green("+")} ${field}: ${theirs ?? ""}${tail}`];
  if (theirs === undefined) return [`  ${style.red("-")} ${field}: ${ours}${tail}`];
  return [`  ${style.yellow("~")} ${field}: ${ours} → ${theirs}${tail}`];
}

function fileLine(
  { change, path, aspects, a, b, cause }: FileDifference,
  width: number,
  style: Style,
): string {
  const name = `/${printable(path)}`;
  const tail = cause === undefined ? "" : style.dim(`  (${cause.id})`);
  if (change === "added") return `  ${style.green("+")} ${name.padEnd(width)}  ${faceText(b)}${tail}`;
  if (change === "removed") return `  ${style.red("-")} ${name.padEnd(width)}  ${faceText(a)}${tail}`;
  const what = aspects.map((aspect) => aspectText(aspect, a, b)).join(", ");
  return `  ${style.yellow("~")} ${name.padEnd(width)}  ${what}${tail}`;
}

function faceText(face: Face | undefined): string {
  if (face === undefined) return "";
  switch (face.type) {
    case "whiteout":
      return "removed in this layer";
    case "opaque":
      return "all below it removed in this layer";
    case "symlink":
    case "hardlink":
      return `${face.type} to ${printable(face.link ?? "")}`;
    case "file":
      return `${octal(face.mode)} ${face.uid}:${face.gid} ${formatBytes(face.size)}`;
    case "directory":
    case "character":
    case "block":
    case "fifo":
      return `${face.type} ${octal(face.mode)} ${face.uid}:${face.gid}`;
  }
}

function aspectText(aspect: string, a: Face | undefined, b: Face | undefined): string {
  if (a === undefined || b === undefined || !("mode" in a) || !("mode" in b)) return aspect;
  switch (aspect) {
    case "type":
      return `${a.type} → ${b.type}`;
    case "mode":
      return `mode ${octal(a.mode)} → ${octal(b.mode)}`;
    case "owner":
      return `owner ${a.uid}:${a.gid} → ${b.uid}:${b.gid}`;
    case "size":
      return `size ${a.size} → ${b.size}`;
    case "link":
      return `link ${printable(a.link ?? "")} → ${printable(b.link ?? "")}`;
    case "time":
      return `time ${time(a.mtime)} → ${time(b.mtime)}`;
    default:
      return aspect;
  }
}

interface CountedCause {
  readonly cause: Cause;
  count: number;
}

/** Each cause once, the most frequent first. */
function causesIn(fields: readonly FieldDifference[], layers: readonly LayerDifference[]): CountedCause[] {
  const all = new Map<string, CountedCause>();
  for (const { cause } of [...fields, ...layers.flatMap(({ files }) => files)]) {
    if (cause === undefined) continue;
    const counted = all.get(cause.id) ?? { cause, count: 0 };
    all.set(cause.id, counted);
    counted.count++;
  }
  return [...all.values()].sort((x, y) => y.count - x.count);
}

function causeLines({ cause, count }: CountedCause, style: Style): string[] {
  return [`  ${style.yellow(cause.id)} (${count}): ${cause.why}`, `    fix: ${cause.fix}`];
}

function summary(fields: readonly FieldDifference[], layers: readonly LayerDifference[]): string {
  const files = layers.flatMap((layer) => layer.files);
  const count = (change: string): number => files.filter((file) => file.change === change).length;
  const times = files.filter(({ aspects }) => aspects.length === 1 && aspects[0] === "time").length;
  const changed = `${count("changed")} changed${times === 0 ? "" : ` (${times} in their time alone)`}`;
  return `files: ${count("added")} added, ${count("removed")} removed, ${changed}; config: ${fields.length} changed`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function time(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace(".000Z", "Z");
}

function short(text: string, length: number): string {
  const line = printable(Buffer.from(text).toString("latin1"));
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}
