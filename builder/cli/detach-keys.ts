import { usageError } from "./flags.ts";

/** moby/term: the keys with Ctrl, by their codes from 0 on. */
const CONTROL = "@abcdefghijklmnopqrstuvwxyz[\\]^_";

/** docker's words for keys: "ctrl-p,ctrl-q", "a", "DEL"; "" for none at all. */
export function parseDetachKeys(command: string, text: string): Uint8Array {
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
 * What is typed, up to these keys: then `onDetach` is called and nothing more comes. The first of them are held back until
 * it is known what follows.
 */
export async function* untilDetached(
  source: AsyncIterable<Uint8Array>,
  keys: Uint8Array,
  onDetach: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held = Buffer.alloc(0);
  for await (const chunk of source) {
    const typed = Buffer.concat([held, chunk]);
    const at = keys.length === 0 ? -1 : typed.indexOf(keys);
    if (at >= 0) {
      if (at > 0) yield typed.subarray(0, at);
      onDetach();
      return;
    }
    const end = typed.length - beginning(typed, keys);
    held = typed.subarray(end);
    if (end > 0) yield typed.subarray(0, end);
  }
  if (held.length > 0) yield held;
}

/** How many of the keys the text ends with. */
function beginning(typed: Buffer, keys: Uint8Array): number {
  for (let count = Math.min(typed.length, keys.length - 1); count > 0; count--)
    if (typed.subarray(-count).equals(keys.subarray(0, count))) return count;
  return 0;
}
