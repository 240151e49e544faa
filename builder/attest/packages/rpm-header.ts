import type { FoundPackage } from "../types.ts";

/** Tags of rpm (rpm's include/rpm/rpmtag.h). */
const TAGS = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  license: 1014,
  arch: 1022,
  source: 1044,
};
const INT32 = 4;
const STRINGS: ReadonlySet<number> = new Set([6, 8, 9]);
const ENTRY = 16;
const MAX_ENTRIES = 1 << 16;

/** The package that a header of rpm's database is of: counts, an index of tags, and their values (rpm's lib/header.c). */
export function packageOfHeader(header: Buffer, path: string): FoundPackage | undefined {
  if (header.length < 8) return undefined;
  const count = header.readUInt32BE(0);
  const values = 8 + count * ENTRY;
  if (count > MAX_ENTRIES || values > header.length) return undefined;
  const at = new Map<number, { readonly type: number; readonly offset: number }>();
  for (let index = 0; index < count; index++) {
    const entry = 8 + index * ENTRY;
    at.set(header.readUInt32BE(entry), {
      type: header.readUInt32BE(entry + 4),
      offset: values + header.readUInt32BE(entry + 8),
    });
  }
  const text = (tag: number): string | undefined => {
    const found = at.get(tag);
    if (found === undefined || !STRINGS.has(found.type) || found.offset >= header.length) return undefined;
    const end = header.indexOf(0, found.offset);
    return end < 0 ? undefined : header.toString("utf8", found.offset, end);
  };
  const epoch = at.get(TAGS.epoch);
  const [name, version, release] = [text(TAGS.name), text(TAGS.version), text(TAGS.release)];
  // Keys of repositories are kept as packages, too.
  if (name === undefined || version === undefined || name === "gpg-pubkey") return undefined;
  const number =
    epoch?.type === INT32 && epoch.offset + 4 <= header.length ? header.readUInt32BE(epoch.offset) : 0;
  const [architecture, license, supplier, source] = [TAGS.arch, TAGS.license, TAGS.vendor, TAGS.source].map(
    text,
  );
  return {
    kind: "rpm",
    name,
    version: `${number > 0 ? `${number}:` : ""}${version}${release === undefined ? "" : `-${release}`}`,
    ...(architecture === undefined ? {} : { architecture }),
    ...(license === undefined ? {} : { license }),
    ...(supplier === undefined ? {} : { supplier }),
    ...(source === undefined ? {} : { source }),
    path,
  };
}
