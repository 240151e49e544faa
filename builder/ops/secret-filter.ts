const MASK = Buffer.from("***");

/**
 * Takes secrets out of a stream of output, also where one comes in two pieces: the end of a piece that may be the
 * beginning of a secret is kept back until more is known.
 */
export class SecretFilter {
  readonly #secrets: readonly Buffer[];
  #kept: Buffer = Buffer.alloc(0);

  /** Very short values are let through: hiding each "1" would hide the output. */
  constructor(secrets: readonly Buffer[]) {
    const lines = secrets.flatMap((secret) => [secret, trimmed(secret)]);
    this.#secrets = lines.filter((secret) => secret.length >= 4).sort((a, b) => b.length - a.length);
  }

  push(data: Buffer): Buffer {
    if (this.#secrets.length === 0) return data;
    const clean = this.#mask(Buffer.concat([this.#kept, data]));
    const keep = this.#beginning(clean);
    this.#kept = clean.subarray(clean.length - keep);
    return clean.subarray(0, clean.length - keep);
  }

  /** What was kept back. */
  end(): Buffer {
    const rest = this.#kept;
    this.#kept = Buffer.alloc(0);
    return rest;
  }

  #mask(data: Buffer): Buffer {
    let clean = data;
    for (const secret of this.#secrets) {
      const pieces: Buffer[] = [];
      let from = 0;
      for (let at = clean.indexOf(secret); at >= 0; at = clean.indexOf(secret, from)) {
        pieces.push(clean.subarray(from, at), MASK);
        from = at + secret.length;
      }
      if (pieces.length > 0) clean = Buffer.concat([...pieces, clean.subarray(from)]);
    }
    return clean;
  }

  /** How many bytes at the end are the beginning of a secret. */
  #beginning(data: Buffer): number {
    let longest = 0;
    for (const secret of this.#secrets) {
      for (let length = Math.min(secret.length - 1, data.length); length > longest; length--) {
        if (data.subarray(data.length - length).equals(secret.subarray(0, length))) longest = length;
      }
    }
    return longest;
  }
}

/** A file's last newline is seldom printed with it. */
function trimmed(secret: Buffer): Buffer {
  return Buffer.from(secret.toString("latin1").replace(/\s+$/, ""), "latin1");
}
