import { invalid } from "./invalid-archive.ts";

/** Bits, the highest of a byte first. */
export class BitReader {
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;
  #held = 0;
  #heldBits = 0;

  /** Whole bytes that were not looked at yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  add(parts: readonly Uint8Array[]): void {
    this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), ...parts]);
    this.#at = 0;
  }

  bit(): number {
    if (this.#heldBits === 0) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw invalid("its bzip2 data ends too early");
      this.#held = byte;
      this.#heldBits = 8;
    }
    return (this.#held >>> --this.#heldBits) & 1;
  }

  /** Up to 24 bits. */
  bits(count: number): number {
    let value = 0;
    for (let left = count; left > 0;) {
      if (this.#heldBits === 0) {
        value = (value << 1) | this.bit();
        left--;
        continue;
      }
      const take = Math.min(left, this.#heldBits);
      this.#heldBits -= take;
      value = (value << take) | ((this.#held >>> this.#heldBits) & ((1 << take) - 1));
      left -= take;
    }
    return value;
  }

  /** Goes on at the next whole byte. */
  align(): void {
    this.#heldBits = 0;
  }

  onlyZerosLeft(): boolean {
    return this.#bytes.subarray(this.#at).every((byte) => byte === 0);
  }
}
