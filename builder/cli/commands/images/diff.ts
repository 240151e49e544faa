import { loadStyle } from "../../../progress/style.ts";
import type { Comparison } from "../../../api/types.ts";
import { command } from "../../command.ts";
import { usageError } from "../../flags.ts";
import type { Session } from "../../types.ts";
import { onePlatform } from "../../values.ts";
import { printable } from "../../../core/bytes.ts";
import { withProgress, withStore } from "../../with-tsbuild.ts";
import { didYouMean } from "../../../core/suggest.ts";

const FORMATS = ["text", "json"] as const;

/** `tsbuild diff`. */
export const diffCommand = command({
  name: "diff",
  usage: "diff [OPTIONS] IMAGE IMAGE | diff CONTAINER",
  summary: "Show what differs between two images, or what a container wrote",
  flags: {
    layers: { doc: "Hold each layer against its counterpart, not what a container would see" },
    "exit-code": { doc: "End with 1 where the images differ" },
    format: { value: "FORMAT", doc: "Print text or json", default: "text" },
    platform: { value: "OS/ARCH", doc: "Take the images for this platform", default: "this machine's" },
  },
  operands: { min: 1, max: 2, name: "IMAGE" },
  examples: [
    ["tsbuild diff app:1.1 app:1.2", "shows what a release changed"],
    [
      "tsbuild diff --format json debian:12 debian:13 | jq '.layers[].files[].path'",
      "pulls both and lists paths",
    ],
    ["tsbuild diff web", "lists what a container added (A), changed (C) and deleted (D)"],
  ],
  async execute(flags, [a = "", b], session) {
    const json = isJson("diff", flags.format);
    if (b === undefined) return showChanges(a, json, flags["exit-code"], session);
    const platform = onePlatform(flags.platform);
    const compared = await withProgress(session, "plain", "", (tsbuild, emit) =>
      tsbuild.diff(a, b, {
        by: flags.layers ? "layers" : "files",
        ...(platform === undefined ? {} : { platform }),
        signal: session.signal,
        emit,
      }),
    );
    await showComparison(compared, json, session);
    return flags["exit-code"] && !compared.difference.equal ? 1 : 0;
  },
});

/** One operand: a container, as docker has it. */
async function showChanges(name: string, json: boolean, tell: boolean, session: Session): Promise<number> {
  const changes = await withStore(session, ({ containers }) => containers.changes(name));
  const rows = changes.map(({ kind, path }) => ({ kind, path: `/${printable(path)}` }));
  const letters = { added: "A", changed: "C", deleted: "D" } as const;
  session.io.stdout.write(
    json
      ? `${JSON.stringify(rows, undefined, 2)}\n`
      : rows.map(({ kind, path }) => `${letters[kind]} ${path}\n`).join(""),
  );
  return tell && rows.length > 0 ? 1 : 0;
}

/** --format. */
export function isJson(name: string, format: string | undefined): boolean {
  if (format === undefined || format === "text") return false;
  if (format === "json") return true;
  throw usageError(
    name,
    `Cannot use --format ${format}: it is neither text nor json`,
    didYouMean(format, FORMATS),
  );
}

/** Prints what differs. */
export async function showComparison(compared: Comparison, json: boolean, { io }: Session): Promise<void> {
  if (json) io.stdout.write((await import("./comparison-json.ts")).comparisonJson(compared));
  else {
    const style = await loadStyle(io.env, io.stdout.isTTY);
    io.stdout.write((await import("./comparison-text.ts")).comparisonText(compared, style));
  }
}
