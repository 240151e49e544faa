import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean, nearest } from "../../builder/core/suggest.ts";

test("nearest() finds a name with a letter too many, too few, wrong or swapped, in any case", () => {
  const names = ["builder", "runtime", "TEST"];
  for (const word of ["buildr", "buillder", "bvilder", "biulder", "Builder"]) {
    assert.equal(nearest(word, names), "builder", word);
  }
  assert.equal(nearest("tset", names), "TEST");
  assert.equal(nearest("nothing-like-it", names), undefined);
  assert.equal(didYouMean("runtme", names), 'did you mean "runtime"?');
});

test("nearest() looks at some names only where there are very many, and at none that are very long", () => {
  let looked = 0;
  const endless = function* (): Generator<string> {
    for (;;) {
      looked += 1;
      yield `name${looked}`;
    }
  };
  assert.equal(nearest("nome17", endless()), "name17");
  assert.ok(looked < 2000, String(looked));
  const long = "x".repeat(100_000);
  assert.equal(nearest(`${long}y`, [long]), undefined);
});
