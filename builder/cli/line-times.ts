const NEWLINE = 10;

/** Puts the time before each line of several streams, which come in pieces. */
export class LineTimes {
  readonly #inLine = new Set<string>();

  /** `time` in nanoseconds since 1970. */
  stamp(stream: string, data: Buffer, time: bigint): Buffer {
    const stamp = Buffer.from(`${rfc3339(time)} `);
    const parts: Buffer[] = [];
    for (let at = 0; at < data.length;) {
      if (!this.#inLine.has(stream)) parts.push(stamp);
      const newline = data.indexOf(NEWLINE, at);
      const end = newline < 0 ? data.length : newline + 1;
      parts.push(data.subarray(at, end));
      if (newline < 0) this.#inLine.add(stream);
      else this.#inLine.delete(stream);
      at = end;
    }
    return Buffer.concat(parts);
  }
}

/** With nine digits, as docker writes it. */
function rfc3339(time: bigint): string {
  const seconds = time / 1_000_000_000n;
  const rest = String(time % 1_000_000_000n).padStart(9, "0");
  const date = new Date(Number(seconds) * 1000);
  // A damaged log may say anything.
  const text = Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
  return text.replace(/\.\d+Z$/, `.${rest}Z`);
}
