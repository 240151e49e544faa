import { randomBytes } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";

/** So many random bytes, in hex. The kernel's own (random(4)): node:crypto takes five milliseconds to load and to leave. */
export function randomHex(bytes: number): string {
  const data = Buffer.alloc(bytes);
  return (fromKernel(data) ? data : randomBytes(bytes)).toString("hex");
}

/** A random number below `limit`, which is small beside 2^48. */
export function randomBelow(limit: number): number {
  return Number.parseInt(randomHex(6), 16) % limit;
}

/** False where there is no such device: in a container without /dev. */
function fromKernel(data: Buffer): boolean {
  let device: number;
  try {
    device = openSync("/dev/urandom", "r");
  } catch {
    return false;
  }
  try {
    return readSync(device, data) === data.length;
  } finally {
    closeSync(device);
  }
}
