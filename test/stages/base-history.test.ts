import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256, type DiffId } from "../../builder/core/digest.ts";
import { baseHistory } from "../../builder/stages/base-history.ts";

const A = sha256("a") as DiffId;
const B = sha256("b") as DiffId;
const empty = { created_by: "ENV", empty_layer: true };
const missing = { created: "2024", comment: "not told of by the base image" };

test("baseHistory() makes a base's history fit its layers", () => {
  const table = [
    {
      diffIds: [A, B],
      history: [{ created_by: "1" }, empty, { created_by: "2" }],
      fit: [{ created_by: "1" }, empty, { created_by: "2" }],
    },
    { diffIds: [A, B], history: [], fit: [missing, missing] },
    { diffIds: [A, B], history: [{ created_by: "1" }, empty], fit: [{ created_by: "1" }, empty, missing] },
    {
      diffIds: [A],
      history: [{ created_by: "1" }, { created_by: "2" }],
      fit: [{ created_by: "1" }, { created_by: "2", empty_layer: true }],
    },
    { diffIds: [], history: [empty], fit: [empty] },
  ];
  for (const { diffIds, history, fit } of table)
    assert.deepEqual(baseHistory({ diffIds, history, created: "2024" }), fit);
});
