import { Archive } from "../outputs/archive.ts";
import type { LayoutEntry } from "../outputs/layout.ts";
import { writeLayout } from "../outputs/layout.ts";
import { openSink, writeWhole } from "../outputs/sink.ts";
import type { Session } from "../session/session.ts";
import { parseReference } from "../image/reference.ts";
import { storedTree } from "./transports/stored-tree.ts";
import type { SaveOptions } from "../api/image-types.ts";

/** Writes images of the store, one after another, into one archive; one that has several names stands in it once. */
export async function saveImages(
  session: Session,
  references: readonly string[],
  options: SaveOptions,
): Promise<void> {
  const { dest, format, platform } = options;
  const platforms = platform === undefined ? [] : [platform];
  const entries = new Map<string, LayoutEntry>();
  for (const text of references) {
    const { tree, name } = await storedTree(session, text, platforms, options, format === "docker");
    const { digest } = tree.top.descriptor;
    const before = entries.get(digest);
    // Under an id, or a digest, it was asked for without a name.
    const isNamed = !/^(sha256:)?[0-9a-f]{4,64}$/.test(text) && parseReference(name).digest === undefined;
    const names = new Set([...(before?.names ?? []), ...(isNamed ? [name] : [])]);
    entries.set(digest, { tree, names: [...names] });
  }
  await writeWhole(
    () => openSink(dest, session.stdout),
    (sink) => writeLayout(new Archive(sink), [...entries.values()], format),
  );
}
