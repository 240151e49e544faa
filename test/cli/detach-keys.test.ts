import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseDetachKeys, untilDetached } from "../../builder/cli/detach-keys.ts";

test("parseDetachKeys() knows docker's words for keys", () => {
  for (const [text, bytes] of [
    ["ctrl-p,ctrl-q", [16, 17]],
    ["ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", [0, 27, 28, 29, 30, 31]],
    ["a,B,-,DEL", [97, 66, 45, 127]],
    ["", []],
  ] as const)
    assert.deepEqual([...parseDetachKeys("attach", text)], bytes, text);
  for (const text of ["ctrl-1", "ab", "a,", "ctrl-", "é"])
    assert.throws(() => parseDetachKeys("attach", text), /is no key/, text);
});

/** What came through, and whether the keys were typed. */
async function typed(
  chunks: readonly Buffer[],
  keys: Uint8Array,
): Promise<[text: string, detached: boolean]> {
  let detached = false;
  let text = "";
  const source = async function* (): AsyncGenerator<Buffer> {
    yield* chunks;
  };
  for await (const chunk of untilDetached(source(), keys, () => (detached = true)))
    text += Buffer.from(chunk).toString("latin1");
  return [text, detached];
}

test("untilDetached() lets through what comes before the keys, however it is cut", async () => {
  const letters = fc.array(fc.constantFrom("a", "b"), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(letters, { maxLength: 6 }),
      fc.array(fc.constantFrom("a", "b"), { maxLength: 4 }),
      async (chunks, keys) => {
        const whole = chunks.flat().join("");
        const at = keys.length === 0 ? -1 : whole.indexOf(keys.join(""));
        assert.deepEqual(
          await typed(
            chunks.map((chunk) => Buffer.from(chunk.join(""))),
            Buffer.from(keys.join("")),
          ),
          [at < 0 ? whole : whole.slice(0, at), at >= 0],
        );
      },
    ),
  );
});

test("untilDetached() passes on what waits for its other keys in vain, and they still count", async () => {
  const came = new AbortController();
  const source = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from("xa");
    // Nothing more is typed until what was typed has arrived.
    await once(came.signal, "abort");
    yield Buffer.from("b, and more");
  };
  let text = "";
  let detached = false;
  for await (const chunk of untilDetached(source(), Buffer.from("ab"), () => (detached = true))) {
    text += Buffer.from(chunk).toString();
    if (text === "xa") came.abort();
  }
  assert.deepEqual([text, detached], ["xa", true]);
});
