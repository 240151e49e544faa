/** The polynomial of gzip's checksum, its bits reversed (RFC 1952, 8). */
const POLYNOMIAL = 0xedb88320;
/** x to the power of 0. */
const ONE = 2 ** 31;

/** The product of two polynomials modulo that one; the highest bit is the lowest power. */
function multiplied(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = ONE; bit > 0; bit = Math.floor(bit / 2)) {
    if ((a & bit) !== 0) product ^= factor;
    factor = (factor >>> 1) ^ (factor & 1 ? POLYNOMIAL : 0);
  }
  return product >>> 0;
}

/** What a checksum has to be multiplied with when so many bytes follow: x to the power of eight times their number. */
function shiftOf(size: number): number {
  let power = 2 ** 23;
  let shift = ONE;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) shift = multiplied(shift, power);
    power = multiplied(power, power);
  }
  return shift;
}

/** A CRC-32 that is made of those of parts one after the other, as zlib's crc32_combine() does. */
export class CombinedCrc32 {
  #value = 0;
  #size = 0;
  #shift = ONE;

  get value(): number {
    return this.#value;
  }

  /** Adds a part of so many bytes, which has that checksum. */
  add(checksum: number, size: number): void {
    // Parts are all of one size, but for the last one.
    if (size !== this.#size) this.#shift = shiftOf(size);
    this.#size = size;
    this.#value = (multiplied(this.#shift, this.#value) ^ checksum) >>> 0;
  }
}
