/** Tar headers as nobody decent writes them: every field is the caller's. */
export interface Forged {
  readonly name?: string;
  readonly type?: string;
  readonly link?: string;
  /** Octal digits, or a whole field. */
  readonly mode?: string;
  readonly uid?: string;
  readonly size?: string;
  readonly mtime?: string;
  readonly major?: string;
  readonly magic?: string;
  readonly data?: string | Buffer;
}

/** One member: its header, with a right checksum, and its data, padded. */
export function forge(member: Forged): Buffer {
  const data = Buffer.isBuffer(member.data) ? member.data : Buffer.from(member.data ?? "", "latin1");
  const header = Buffer.alloc(512);
  header.write(member.name ?? "name", 0, 100, "latin1");
  header.write(member.mode ?? "0000644", 100, 8, "latin1");
  header.write(member.uid ?? "0000000", 108, 8, "latin1");
  header.write("0000000", 116, 8, "latin1");
  header.write(member.size ?? data.length.toString(8).padStart(11, "0"), 124, 12, "latin1");
  header.write(member.mtime ?? "00000000000", 136, 12, "latin1");
  header.write(member.type ?? "0", 156, 1, "latin1");
  header.write(member.link ?? "", 157, 100, "latin1");
  header.write(member.magic ?? "ustar\x0000", 257, 8, "latin1");
  header.write(member.major ?? "0000000", 329, 8, "latin1");
  header.write("        ", 148, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

/** A pax header with these records, for the member after it. */
export function pax(...records: readonly string[]): Buffer {
  const data = records.map((record) => {
    const rest = record.length + 2;
    let length = rest + String(rest).length;
    if (String(length).length > String(rest).length) length++;
    return `${length} ${record}\n`;
  });
  return forge({ name: "PaxHeader", type: "x", data: data.join("") });
}

/** What ends an archive. */
export const END: Buffer = Buffer.alloc(1024);
