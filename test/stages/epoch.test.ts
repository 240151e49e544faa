import assert from "node:assert/strict";
import { test } from "node:test";
import { TsbuildError } from "../../builder/core/errors.ts";
import type { Dated } from "../../builder/stages/types.ts";
import { execOf, plan } from "../graph/planning.ts";

/** What planning makes of SOURCE_DATE_EPOCH: the graph's epoch, what RUN has of it, and what was asked for its time. */
async function epochOf(
  text: string,
  given?: string,
  time?: number,
): Promise<{
  readonly epoch: number | undefined;
  readonly env: string | undefined;
  readonly asked: Dated[];
}> {
  const asked: Dated[] = [];
  const graph = await plan(`${text}\nFROM debian\nARG SOURCE_DATE_EPOCH\nRUN date\n`, {
    ...(given === undefined ? {} : { buildArgs: { SOURCE_DATE_EPOCH: given } }),
    contexts: ["sources"],
    timeOf: (source) => {
      asked.push(source);
      return Promise.resolve(time);
    },
  });
  const env = execOf(graph).env.find((variable) => variable.startsWith("SOURCE_DATE_EPOCH="));
  return { epoch: graph.target.epoch, env, asked };
}

const NUMBERS: readonly (readonly [text: string, given: string | undefined, epoch: number | undefined])[] = [
  ["", undefined, undefined],
  ["", "17", 17],
  ["ARG SOURCE_DATE_EPOCH=5", undefined, 5],
  ["ARG SOURCE_DATE_EPOCH=5", "17", 17],
  ["ARG SOURCE_DATE_EPOCH=5", "", undefined],
  ["ARG D=6\nARG SOURCE_DATE_EPOCH=$D", undefined, 6],
  ["ARG SOURCE_DATE_EPOCH", undefined, undefined],
];

for (const [text, given, epoch] of NUMBERS) {
  test(`SOURCE_DATE_EPOCH with ${JSON.stringify(text)} and --build-arg ${given} is ${epoch}`, async () => {
    const found = await epochOf(text, given);
    assert.equal(found.epoch, epoch);
    assert.equal(found.env, epoch === undefined ? undefined : `SOURCE_DATE_EPOCH=${epoch}`);
    assert.deepEqual(found.asked, []);
  });
}

test("SOURCE_DATE_EPOCH=context is the time of the main context, and unset where that has none", async () => {
  const found = await epochOf("ARG SOURCE_DATE_EPOCH=context", undefined, 99);
  assert.deepEqual(found, {
    epoch: 99,
    env: "SOURCE_DATE_EPOCH=99",
    asked: [{ from: "context", name: "" }],
  });
  const local = await epochOf("ARG SOURCE_DATE_EPOCH=1", "context");
  assert.deepEqual([local.epoch, local.env], [undefined, undefined]);
});

test("SOURCE_DATE_EPOCH names a context, or a stage that adds one thing", async () => {
  assert.deepEqual((await epochOf("", "sources", 3)).asked, [{ from: "context", name: "sources" }]);
  const stage = "ARG V=2\nFROM scratch AS Src\nARG V\nADD https://example.com/app-${V}.tgz /";
  assert.deepEqual(await epochOf(stage, "src", 4), {
    epoch: 4,
    env: "SOURCE_DATE_EPOCH=4",
    asked: [{ from: "http", url: "https://example.com/app-2.tgz", filename: "app-2.tgz", unpack: false }],
  });
});

const WRONG: readonly (readonly [text: string, given: string | undefined, message: RegExp])[] = [
  [
    "FROM scratch AS source",
    "sourec",
    /it is no number, not "context", and neither a stage nor a named context/,
  ],
  ["FROM debian AS src\nADD https://example.com/a /", "src", /that stage is not FROM scratch with one ADD/],
  ["FROM scratch AS src\nADD https://example.com/a https://example.com/b /", "src", /with one ADD/],
  ["FROM scratch AS src\nCOPY a /", "src", /with one ADD/],
  ["ARG SOURCE_DATE_EPOCH=99999999999999", undefined, /not a time between/],
  ["", "1.5", /it is no number/],
];

for (const [text, given, message] of WRONG) {
  test(`SOURCE_DATE_EPOCH with ${JSON.stringify(text)} and --build-arg ${given} is an error`, async () => {
    await assert.rejects(epochOf(text, given), (error) => {
      assert.ok(error instanceof TsbuildError);
      assert.match(error.message, message);
      assert.equal(error.diagnostics.length, given === undefined ? 1 : 0);
      return true;
    });
  });
}
