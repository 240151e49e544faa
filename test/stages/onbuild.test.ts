import assert from "node:assert/strict";
import { test } from "node:test";
import { copyOf, historyOf, namesOf, plan, problemsOf, refusal, type FakeImage } from "../graph/planning.ts";

const base = (...triggers: readonly string[]): Record<string, FakeImage> => ({
  base: { config: { OnBuild: triggers } },
});

test("planBuild() runs the triggers of the base image right after FROM, and clears them (rule 21)", async () => {
  const graph = await plan("FROM base\nENV a=2\nRUN own", {}, base("ENV a=1", "RUN trigger $a"));
  assert.deepEqual(historyOf(graph), [
    "ENV a=1",
    "RUN /bin/sh -c trigger $a # buildkit",
    "ENV a=2",
    "RUN /bin/sh -c own # buildkit",
  ]);
  assert.equal(graph.target.config.OnBuild, undefined);
  assert.deepEqual(namesOf(graph).slice(1), ["[2/3] ONBUILD RUN trigger 1", "[3/3] RUN own"]);
});

test("planBuild() runs the triggers of a stage in its children, not in its grandchildren (rule 21)", async () => {
  const text = "FROM debian AS a\nONBUILD RUN trigger\nFROM a AS b\nFROM b\nRUN own";
  const graph = await plan(text);
  assert.deepEqual(historyOf(graph), ["RUN /bin/sh -c trigger # buildkit", "RUN /bin/sh -c own # buildkit"]);
  assert.equal(graph.target.config.OnBuild, undefined);
});

test("planBuild() resolves what triggers copy from: stages and images that nothing else needs (rule 21)", async () => {
  const text = "FROM alpine AS assets\nRUN make\nFROM base";
  const graph = await plan(text, {}, { ...base("COPY --from=assets /a /a"), other: {} });
  assert.deepEqual(graph.asked, ["base amd64", "alpine amd64"]);
  assert.equal(copyOf(graph).sources.length, 1);
  const image = await plan("FROM base", {}, { ...base("RUN --mount=from=other,target=/o x"), other: {} });
  assert.deepEqual(image.asked, ["base amd64", "other amd64"]);
});

test("planBuild() follows triggers of bases that only triggers need (rule 21)", async () => {
  const text = "FROM second AS assets\nFROM base";
  const images = { ...base("COPY --from=assets /a /a"), second: { config: { OnBuild: ["RUN inner"] } } };
  const graph = await plan(text, {}, images);
  assert.ok(namesOf(graph).includes("[assets 2/2] ONBUILD RUN inner"));
});

test("planBuild() places a step of a trigger at FROM", async () => {
  const graph = await plan("# base\nFROM base", {}, base("COPY a /"));
  assert.deepEqual(graph.vertices.at(-1)?.at?.range, graph.vertices[0]?.at?.range);
});

test("planBuild() refuses triggers that cannot be, at FROM", async () => {
  const error = await refusal(
    "FROM base",
    {},
    base("FROM x", "RNU x", "COPY --from=base2 a /", "COPY --from=5 a /"),
  );
  assert.equal(error.code, "DOCKERFILE_INVALID");
  assert.ok(error.diagnostics.every(({ range }) => range.start.line === 0));
  assert.equal(error.diagnostics.length, 3);
  assert.match(problemsOf(error)[1] ?? "", /ONBUILD RNU x/);
});
