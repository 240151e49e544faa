/**
 * File names are bytes, not text. A `Bytes` string holds one byte in each character (latin1), so it is a Map key, prints
 * as JSON, and `<` compares it in byte order, as tar and `sort` under LC_ALL=C do.
 */
export type Bytes = string & { readonly __bytes: true };

const ASCII = /^[\x00-\x7f]*$/;

/** The UTF-8 bytes of a text (a name written in a Dockerfile). */
export function bytesOf(text: string): Bytes {
  return (ASCII.test(text) ? text : Buffer.from(text, "utf8").toString("latin1")) as Bytes;
}

/** The bytes of a buffer. */
export function bytesFrom(buffer: Uint8Array): Bytes {
  return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength).toString("latin1") as Bytes;
}

/** The raw bytes, for hashing and for writing. */
export function toBuffer(bytes: Bytes): Buffer {
  return Buffer.from(bytes, "latin1");
}

/** What `node:fs` takes as a path: plain ASCII as it is, everything else as a Buffer. */
export function toFsPath(bytes: string): string | Buffer {
  return ASCII.test(bytes) ? bytes : Buffer.from(bytes, "latin1");
}

let strictUtf8: InstanceType<typeof TextDecoder> | undefined;

/** For people: the text where the bytes are UTF-8, else each byte that is not printable ASCII as `\xNN`. */
export function printable(bytes: string): string {
  if (ASCII.test(bytes)) return escapeControls(bytes);
  try {
    strictUtf8 ??= new TextDecoder("utf-8", { fatal: true });
    return escapeControls(strictUtf8.decode(Buffer.from(bytes, "latin1")));
  } catch {
    return bytes.replace(/[^\x20-\x7e]/g, hex);
  }
}

function escapeControls(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]/g, hex);
}

function hex(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
