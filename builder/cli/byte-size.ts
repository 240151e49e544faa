import { usageError } from "./flags.ts";

const UNITS = ["b", "k", "m", "g", "t"];

/** A size as docker takes it: 512, 100MB, 1.5g; a k has 1024 bytes (go-units, RAMInBytes). */
export function byteSize(command: string, flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([bkmgt]?)i?b?$/i.exec(text.trim());
  const [, number = "", unit = ""] = match ?? [];
  const size = Math.floor(Number(number) * 1024 ** Math.max(0, UNITS.indexOf(unit.toLowerCase())));
  if (match !== null && Number.isSafeInteger(size)) return size;
  throw usageError(
    command,
    `Cannot use ${flag} ${text}: it is no size`,
    "write a number and a unit, as 500MB or 5GB",
  );
}
