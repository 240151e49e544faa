/** As many bytes as `isTarHeader` looks at: a block. No import gives it, as every build loads this file. */
export const TAR_HEAD = 512;

/** Where the checksum of a header stands, itself counted as spaces (POSIX pax, ustar header block). */
const CHECKSUM = 148;
const CHECKSUM_LENGTH = 8;

/** Whether bytes begin as a tar does: with a header whose checksum is right. */
export function isTarHeader(head: Buffer): boolean {
  if (head.length < TAR_HEAD) return false;
  const field = head.toString("latin1", CHECKSUM, CHECKSUM + CHECKSUM_LENGTH);
  const digits = /^[ \0]*([0-7]+)[ \0]*$/.exec(field)?.[1];
  if (digits === undefined) return false;
  const expected = Number.parseInt(digits, 8);
  let unsigned = 0;
  let signed = 0;
  for (const [at, byte] of head.subarray(0, TAR_HEAD).entries()) {
    const counted = at >= CHECKSUM && at < CHECKSUM + CHECKSUM_LENGTH ? 0x20 : byte;
    unsigned += counted;
    signed += counted > 0x7f ? counted - 0x100 : counted;
  }
  // Old tars added the bytes up as signed ones.
  return expected === unsigned || expected === signed;
}
