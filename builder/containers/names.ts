import { TsbuildError } from "../core/errors.ts";
import { randomBelow } from "../core/random.ts";

/** Docker's rule (moby daemon/names). */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/;

const ADJECTIVES =
  "agile amber brave bright brisk calm clever cosy crisp daring eager early fair fleet fond gentle glad golden grand happy hardy humble jolly keen kind late light lively lucky mellow merry mild misty nimble noble patient plain polite proud quick quiet ready rosy round rustic silent silver sleepy snowy solid steady sunny swift tidy upbeat vivid warm wise witty zesty".split(
    " ",
  );
const NOUNS =
  "acorn anchor anvil apple badger barge basket beaver birch boulder bridge brook cedar chisel clover comet copper crane dingo ember falcon fern finch garnet glacier hammer harbor heron hollow island ivory kestrel lantern lark linden lynx maple marble meadow mortar otter owl pebble pine plover quarry rafter raven ridge river robin rowan sparrow spruce thistle timber trowel walnut willow wren".split(
    " ",
  );
const TRIES = 20;

export function isContainerName(text: string): boolean {
  return NAME.test(text);
}

/** The name that was asked for, without the slash that docker shows before it. */
export function checkedName(text: string): string {
  const name = text.replace(/^\//, "");
  if (isContainerName(name)) return name;
  throw new TsbuildError("USAGE", `Cannot name a container "${text}": it is no such name`, {
    hint: "letters, digits, _, . and - after a letter or digit, two characters at least, 128 at most",
  });
}

/** A name that nobody has: two words, and a number where those are taken. */
export function newName(taken: ReadonlySet<string>): string {
  for (let tried = 0; ; tried++) {
    const words = `${ADJECTIVES[randomBelow(ADJECTIVES.length)]}_${NOUNS[randomBelow(NOUNS.length)]}`;
    const name = tried < TRIES ? words : `${words}_${randomBelow(1e9)}`;
    if (!taken.has(name)) return name;
  }
}
