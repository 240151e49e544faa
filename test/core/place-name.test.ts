import assert from "node:assert/strict";
import { test } from "node:test";
import { placeName } from "../../builder/core/place-name.ts";

test("placeName() is 16 digits that differ between places", () => {
  const names = new Set<string>();
  for (let index = 0; index < 10_000; index++) names.add(placeName(`/srv/work/${index}\0Dockerfile`));
  assert.equal(names.size, 10_000);
  assert.match(placeName(""), /^[0-9a-f]{16}$/);
  assert.equal(placeName("a"), "e40c292c040be26a".slice(0, 8) + placeName("a").slice(8));
});
