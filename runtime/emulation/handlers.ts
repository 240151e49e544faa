import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Where the kernel shows what it starts foreign programs with (Documentation/admin-guide/binfmt-misc.rst). */
export const BINFMT_MISC = "/proc/sys/fs/binfmt_misc";

/** One entry of binfmt_misc. */
export interface Handler {
  readonly interpreter: string;
  /** F: it was opened when it was registered, so that it need not be in the root of who starts a program. */
  readonly isFixed: boolean;
}

/** The handler that the kernel would start a program with; undefined where there is none, or none is to be seen. */
export function handlerOf(program: Uint8Array, directory: string = BINFMT_MISC): Handler | undefined {
  if (read(directory, "status")?.trim() !== "enabled") return undefined;
  for (const name of namesIn(directory)) {
    const entry = parse(read(directory, name));
    if (entry !== undefined && matches(entry, program)) return entry;
  }
  return undefined;
}

interface Entry extends Handler {
  readonly offset: number;
  readonly magic: Buffer;
  readonly mask: Buffer | undefined;
}

function parse(text: string | undefined): Entry | undefined {
  const lines = text?.split("\n") ?? [];
  const value = (name: string): string | undefined =>
    lines
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1)
      .trim();
  const interpreter = value("interpreter");
  const magic = value("magic");
  if (lines[0] !== "enabled" || interpreter === undefined || magic === undefined) return undefined;
  const mask = value("mask");
  return {
    interpreter,
    isFixed: value("flags:")?.includes("F") ?? false,
    offset: Number(value("offset") ?? 0),
    magic: Buffer.from(magic, "hex"),
    mask: mask === undefined ? undefined : Buffer.from(mask, "hex"),
  };
}

function matches({ offset, magic, mask }: Entry, program: Uint8Array): boolean {
  return magic.every((byte, index) => ((program[offset + index] ?? 0) & (mask?.[index] ?? 0xff)) === byte);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => name !== "status" && name !== "register");
  } catch {
    return [];
  }
}

function read(directory: string, name: string): string | undefined {
  try {
    return readFileSync(join(directory, name), "utf8");
  } catch {
    return undefined;
  }
}
