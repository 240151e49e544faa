import assert from "node:assert/strict";
import { test } from "node:test";
import { opsOf, plan, problemsOf, refusal } from "../graph/planning.ts";

const images = new Map([
  ["base", "alpine"],
  ["tools", "debian"],
  ["nothing", "scratch"],
]);
const options = { contexts: ["files", ...images.keys()], images };

function references(graph: Awaited<ReturnType<typeof plan>>): readonly string[] {
  return opsOf(graph, "image").map(({ reference }) => reference);
}

const cases: readonly (readonly [name: string, text: string, asked: readonly string[]])[] = [
  ["a base", "FROM base", ["alpine"]],
  ["a base by its full name, in any case", "FROM docker.io/library/Base:latest", ["alpine"]],
  ["a stage, whatever it is made of", "FROM missing AS tools\nRUN false\nFROM tools", ["debian"]],
  [
    "a stage in COPY --from",
    "FROM missing AS tools\nFROM alpine\nCOPY --from=Tools /a /",
    ["alpine", "debian"],
  ],
  ["an image in COPY --from", "FROM alpine\nCOPY --from=tools /a /", ["alpine", "debian"]],
  ["the source of a mount", "FROM alpine\nRUN --mount=from=tools,target=/m true", ["alpine", "debian"]],
];

for (const [name, text, asked] of cases) {
  test(`a named context that is an image stands in for ${name}`, async () => {
    const graph = await plan(text, options);
    assert.deepEqual(
      graph.asked.toSorted(),
      asked.map((image) => `${image} amd64`),
    );
    assert.deepEqual(
      references(graph).toSorted(),
      asked.map((image) => `docker.io/library/${image}:latest`),
    );
  });
}

test("a named image is for the platform of the stage that it stands in for", async () => {
  const { asked } = await plan("FROM --platform=linux/arm64 missing AS tools", options);
  assert.deepEqual(asked, ["debian arm64"]);
});

test("docker-image://scratch is nothing at all", async () => {
  const graph = await plan("FROM nothing\nCOPY a /", options);
  assert.deepEqual(graph.asked, []);
  assert.equal(graph.vertices.at(-1)?.op.type, "copy");
});

test("a named context of files stands in for a base and a stage (rule 8: a stage's name comes first)", async () => {
  const graph = await plan("FROM files AS a\nFROM missing AS files\nFROM a\nCOPY --from=FILES x /", options);
  assert.deepEqual(opsOf(graph, "context"), [{ type: "context", name: "files" }]);
  assert.deepEqual(graph.asked, []);
});

test("no named context stands in for scratch", async () => {
  const graph = await plan("FROM scratch\nCOPY a /", { contexts: ["scratch", "context"] });
  assert.deepEqual(opsOf(graph, "context"), [{ type: "context", name: "" }]);
  const error = await refusal("FROM debian\nCOPY --from=context a /", { contexts: ["context"] });
  assert.match(problemsOf(error).join("\n"), /Cannot find image "context"/);
});

test("a named context for a platform comes before the one for all", async () => {
  const own = new Map([
    ["tools", "debian"],
    ["tools::linux/arm64/v8", "alpine"],
  ]);
  const given = { contexts: [...own.keys()], images: own };
  const asked = async (text: string): Promise<readonly string[]> => (await plan(text, given)).asked;
  assert.deepEqual(await asked("FROM tools"), ["debian amd64"]);
  assert.deepEqual(await asked("FROM --platform=linux/arm64 tools"), ["alpine arm64"]);
  assert.deepEqual(await asked("FROM --platform=linux/arm64 missing AS tools"), ["alpine arm64"]);
  assert.deepEqual(await asked("FROM --platform=linux/arm64 scratch\nCOPY --from=tools /a /"), [
    "debian amd64",
  ]);
  const alone = { contexts: ["tools::linux/arm64"] };
  await assert.rejects(plan("FROM tools", alone), /Cannot find image "tools"/);
});
