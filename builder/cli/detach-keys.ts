import type { Flag } from "./types.ts";
import { usageError } from "./flags.ts";

/** The flag of commands that lend a terminal. */
export const DETACH_KEYS_FLAG = {
  value: "KEYS",
  doc: 'Leave its terminal with these; "" for none',
  default: "ctrl-p,ctrl-q",
} as const satisfies Flag;

const USUAL = "ctrl-p,ctrl-q";
/** moby/term: the keys with Ctrl, by their codes from 0 on. */
const CONTROL = "@abcdefghijklmnopqrstuvwxyz[\\]^_";
/** How long a key that may be the first of several is held back (ms). */
const HOLD_MS = 200;

/** docker's words for keys: "ctrl-p,ctrl-q", "a", "DEL"; "" for none at all. */
export function parseDetachKeys(command: string, text: string = USUAL): Uint8Array {
  if (text === "") return new Uint8Array();
  return Uint8Array.from(
    text.split(",").map((key) => {
      const control = /^ctrl-.$/i.test(key) ? CONTROL.indexOf(key.slice(-1).toLowerCase()) : -1;
      if (control >= 0) return control;
      if (/^[\x21-\x7e]$/.test(key)) return key.charCodeAt(0);
      if (key === "DEL") return 0x7f;
      throw usageError(
        command,
        `Cannot use --detach-keys ${text}: "${key}" is no key`,
        "write single characters or ctrl-a to ctrl-z, with commas: ctrl-p,ctrl-q",
      );
    }),
  );
}

/**
 * What is typed, up to these keys: then `onDetach` is called and nothing more comes. The first of them are held back for a
 * moment, as what is typed next may be the others; then they are passed on, and the others still count.
 */
export async function* untilDetached(
  source: AsyncIterable<Uint8Array>,
  keys: Uint8Array,
  onDetach: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  // The first of the keys, where they were typed last, and how many of them were passed on.
  let [begun, passed] = [Buffer.alloc(0), 0];
  const chunks = source[Symbol.asyncIterator]();
  try {
    for (let next = chunks.next(); ;) {
      if (begun.length > passed && (await isLate(next))) {
        yield begun.subarray(passed);
        passed = begun.length;
      }
      const { done, value } = await next;
      if (done === true) break;
      const typed = Buffer.concat([begun, value]);
      const at = keys.length === 0 ? -1 : typed.indexOf(keys);
      if (at >= 0) {
        if (at > passed) yield typed.subarray(passed, at);
        return onDetach();
      }
      const end = typed.length - beginning(typed, keys);
      if (end > passed) yield typed.subarray(passed, end);
      [begun, passed] = [typed.subarray(end), Math.max(0, passed - end)];
      next = chunks.next();
    }
    if (begun.length > passed) yield begun.subarray(passed);
  } finally {
    await chunks.return?.();
  }
}

async function isLate(next: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<true>((resolve) => {
    timer = setTimeout(() => resolve(true), HOLD_MS);
  });
  try {
    return await Promise.race([next.then(() => false), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** How many of the keys the text ends with. */
function beginning(typed: Buffer, keys: Uint8Array): number {
  for (let count = Math.min(typed.length, keys.length - 1); count > 0; count--)
    if (typed.subarray(-count).equals(keys.subarray(0, count))) return count;
  return 0;
}
