import type { Bytes } from "../core/bytes.ts";

/** POSIX.1-2017, pax, "pax Extended Header": records `LENGTH KEY=VALUE\n` whose length counts itself. */
export function encodePax(records: readonly (readonly [key: string, value: string])[]): Buffer {
  let text = "";
  for (const [key, value] of records) {
    const rest = key.length + value.length + 3;
    let length = rest + String(rest).length;
    // One more digit of the length can make the length itself one digit longer.
    if (String(length).length > String(rest).length) length = rest + String(length).length;
    text += `${length} ${key}=${value}\n`;
  }
  return Buffer.from(text, "latin1");
}

/** The records of a pax header, bytes as they are, or undefined where it is malformed. */
export function decodePax(block: Buffer): Map<string, Bytes> | undefined {
  const records = new Map<string, Bytes>();
  let at = 0;
  while (at < block.length) {
    const space = block.indexOf(0x20, at);
    if (space < 0 || space - at > 10) return undefined;
    const digits = block.toString("latin1", at, space);
    if (!/^[1-9][0-9]*$/.test(digits)) return undefined;
    const end = at + Number(digits);
    if (end > block.length || end <= space + 1 || block[end - 1] !== 0x0a) return undefined;
    const equals = block.indexOf(0x3d, space + 1);
    if (equals < 0 || equals >= end || equals === space + 1) return undefined;
    records.set(
      block.toString("latin1", space + 1, equals),
      block.toString("latin1", equals + 1, end - 1) as Bytes,
    );
    at = end;
  }
  return records;
}
