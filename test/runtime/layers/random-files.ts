import * as fc from "fast-check";
import { bytesOf, type Bytes } from "../../../builder/core/bytes.ts";
import type { Entry } from "../../../builder/core/entry.ts";
import { parentOf } from "../../../builder/core/paths.ts";
import { editTree } from "../../../builder/layers/edit.ts";
import type { NewChange } from "../../../builder/layers/types.ts";

/** What a COPY or ADD puts at a path. `cut`: after removing what lies there, as an archive's whiteouts do. */
export type Spot = (
  | { readonly kind: "none" }
  | { readonly kind: "file"; readonly text: string; readonly mode: number }
  | { readonly kind: "directory"; readonly mode: number; readonly mtime: number }
  | { readonly kind: "symlink"; readonly link: string }
  | { readonly kind: "hardlink"; readonly link: string }
) & { readonly cut?: boolean };
export type Files = Readonly<Record<string, Spot>>;

const PATHS = ["a", "a/x", "a/y", "b", "b/d", "b/d/z", "b/x", "c"];
/** All that is put has this time or an earlier one. */
export const NEWEST = 7;

const something: fc.Arbitrary<Spot> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("file" as const),
      text: fc.constantFrom("", "one", "two", "longer"),
      mode: fc.constantFrom(0o644, 0o755),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("directory" as const),
      mode: fc.constantFrom(0o755, 0o700),
      mtime: fc.constantFrom(5, 6),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("symlink" as const), link: fc.constantFrom("x", "../c") }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("hardlink" as const), link: fc.constantFrom("a/x", "c") }),
  },
);

/** Something in `share` of a hundred cases, and rarely after a cut. */
function spots(share: number): fc.Arbitrary<Spot> {
  const chance = fc.integer({ min: 0, max: 99 });
  return fc.tuple(something, chance, chance).map(([spot, filled, cut]): Spot => {
    const what: Spot = filled < share ? spot : { kind: "none" };
    return cut === 99 ? { ...what, cut: true } : what;
  });
}

function files(share: number): fc.Arbitrary<Files> {
  return fc.record(Object.fromEntries(PATHS.map((at) => [at, spots(share)]))) as fc.Arbitrary<Files>;
}

/** What is copied. */
export const trees = files(75);
/** What lies below, which has some of that. */
export const lowerTrees = files(25);

/** What is copied by one build after the other: most of them change one or two paths. */
export const edits = fc.array(
  fc.array(fc.tuple(fc.constantFrom(...PATHS), spots(65)), { minLength: 1, maxLength: 2 }),
  { minLength: 1, maxLength: 5 },
);

const path = fc.constantFrom(...PATHS);

/** What a step does to such files. */
export const scripts: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      path.map((at) => `rm -rf ${at}`),
      path.map((at) => `mkdir -p ${at}`),
      path.map((at) => `rm -rf ${at}; mkdir ${at}; echo new > ${at}/x`),
      path.map((at) => `echo text > ${at}`),
      path.map((at) => `chmod 711 ${at}`),
      fc.tuple(path, path).map(([from, to]) => `mv ${from} ${to}`),
      fc.tuple(path, path).map(([from, to]) => `ln ${from} ${to}`),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((commands) => [...commands, ":"].join("; "));

/** The layer of a COPY of these files over a base; what cannot be put there is left out. */
export function changesOf(files: Files, base: Parameters<typeof editTree>[0]): readonly NewChange[] {
  const editor = editTree(base);
  for (const [name, spot] of Object.entries(files)) {
    const at = bytesOf(name) as Bytes;
    if (editor.stat(parentOf(at))?.type !== "directory") continue;
    if (spot.cut === true) editor.remove(at);
    const there = editor.stat(at);
    const blocked = there !== undefined && (there.type === "directory") !== (spot.kind === "directory");
    if (spot.kind === "none" || blocked) continue;
    const plain: Entry = { path: at, type: spot.kind, mode: 0o777, uid: 0, gid: 0, size: 0, mtime: NEWEST };
    if (spot.kind === "file") {
      const data = Buffer.from(spot.text);
      editor.put({ ...plain, mode: spot.mode, size: data.length }, { kind: "bytes", data });
    } else if (spot.kind === "hardlink") {
      const target = editor.stat(bytesOf(spot.link) as Bytes);
      if (target?.type === "file" && target.path !== at)
        editor.put({ ...target, path: at, type: "hardlink", size: 0, link: target.path });
    } else if (spot.kind === "directory") editor.put({ ...plain, mode: spot.mode, mtime: spot.mtime });
    else editor.put({ ...plain, link: spot.link as Bytes });
  }
  return editor.changes();
}
