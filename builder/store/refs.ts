import { rmSync } from "node:fs";
import { join } from "node:path";
import { hexOf, isDigest, sha256 } from "../core/digest.ts";
import { explained } from "./failure.ts";
import { readRecord, type Files } from "./files.ts";
import { writeLayout } from "./layout.ts";
import { namesIn } from "./names-in.ts";
import type { RefStore, RefTarget } from "./types.ts";

type Ref = ReturnType<RefStore["list"]>[number];

/** Longest file name that every Linux filesystem takes is 255 bytes; a reference may have 384. */
const MAX_NAME = 200;

/** The names of images: a file for each, and index.json made from them after each change. */
export function openRefs(files: Files): RefStore {
  const place = (name: string): string => join(files.root, "refs", encode(name));
  const get = (name: string): RefTarget | undefined => parse(readRecord(place(name)))?.target;
  const list = (): readonly Ref[] =>
    namesIn(join(files.root, "refs"))
      .map((file) => parse(readRecord(join(files.root, "refs", file))))
      .filter((ref) => ref !== undefined)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    get,
    list,
    set(name, target) {
      const old = get(name);
      const { mediaType, digest, size, time, origin, referrers = [] } = target;
      if (
        old !== undefined &&
        old.digest === digest &&
        old.mediaType === mediaType &&
        sameList(old.referrers, referrers)
      )
        return;
      const isNameless = isDigest(name);
      // An image that has a name is not one without.
      if (isNameless && list().some((ref) => ref.target.digest === digest)) return;
      const record = {
        name,
        mediaType,
        digest,
        size,
        time,
        origin,
        ...(referrers.length > 0 && { referrers }),
      };
      files.writeFile(place(name), `${JSON.stringify(record)}\n`);
      if (!isNameless) rmSync(place(digest), { force: true });
      writeLayout(files, list);
    },
    delete(name) {
      if (get(name) === undefined) return false;
      explained("remove", place(name), () => rmSync(place(name), { force: true }));
      writeLayout(files, list);
      return true;
    },
  };
}

function sameList(a: readonly string[] = [], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}

function encode(name: string): string {
  const encoded = encodeURIComponent(name);
  return encoded.length > MAX_NAME || /^\.*$/.test(encoded) ? `~${hexOf(sha256(name))}` : encoded;
}

function parse(value: Readonly<Record<string, unknown>> | undefined): Ref | undefined {
  if (value === undefined) return undefined;
  const { name, mediaType, digest, size, time, origin, referrers } = value;
  if (typeof name !== "string" || typeof mediaType !== "string" || !isDigest(digest)) return undefined;
  if (typeof size !== "number" || typeof time !== "number") return undefined;
  return {
    name,
    target: {
      mediaType,
      digest,
      size,
      time,
      origin: origin === "pulled" ? "pulled" : "built",
      ...(Array.isArray(referrers) && { referrers: referrers.filter(isDigest) }),
    },
  };
}
