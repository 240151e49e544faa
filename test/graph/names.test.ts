import assert from "node:assert/strict";
import { test } from "node:test";
import { namesOf, plan } from "./planning.ts";

/** Names without the digests of images. */
async function names(
  lines: readonly string[],
  ...rest: [Parameters<typeof plan>[1]?]
): Promise<readonly string[]> {
  const graph = await plan(lines.join("\n"), ...rest);
  return namesOf(graph).map((name) => name.replace(/@sha256:[0-9a-f]{64}/, "@…"));
}

test("planBuild() numbers the steps of a single stage, FROM among them", async () => {
  assert.deepEqual(await names(["from debian", "run make", "ENV a=b", "copy a /$a"]), [
    "[1/3] FROM docker.io/library/debian:latest@…",
    "[2/3] RUN make",
    "[internal] load build context",
    "[3/3] COPY a /b",
  ]);
});

test("planBuild() names a stage that is alone only where it mounts or copies from elsewhere", async () => {
  assert.equal((await names(["FROM debian AS app", "RUN make"])).at(-1), "[2/2] RUN make");
  const mounted = await names(["FROM debian AS app", "RUN --mount=type=tmpfs,target=/t make"]);
  assert.equal(mounted.at(-1), "[app 2/2] RUN --mount=type=tmpfs,target=/t make");
});

test("planBuild() names stages where there are several, and images that are only copied from", async () => {
  const lines = [
    "FROM debian AS build",
    "RUN make",
    "FROM scratch",
    "COPY --from=build /a /",
    "COPY --from=alpine /b /",
  ];
  assert.deepEqual(await names(lines), [
    "[build 1/2] FROM docker.io/library/debian:latest@…",
    "[build 2/2] RUN make",
    "[stage-1 1/2] COPY --from=build /a /",
    "FROM docker.io/library/alpine:latest@…",
    "[stage-1 2/2] COPY --from=alpine /b /",
  ]);
});

test("planBuild() pads the numbers of a long stage, and does not count a stage's base", async () => {
  const runs = Array.from({ length: 10 }, (_, at) => `RUN step ${at}`);
  const all = await names(["FROM debian AS a", "FROM a AS b", ...runs]);
  assert.deepEqual(all.slice(1, 2), ["[b  1/10] RUN step 0"]);
  assert.equal(all.at(-1), "[b 10/10] RUN step 9");
});

test("planBuild() shows what a script begins with, and keeps quotes and unknown variables", async () => {
  const lines = [
    "FROM debian",
    "ENV v=1",
    "RUN <<EOF",
    "first $x",
    "second",
    "EOF",
    `RUN echo "$v" '\${w}' $x \\`,
    "  y",
  ];
  assert.deepEqual((await names(lines)).slice(1), [
    "[2/3] RUN <<EOF (first $x...)",
    `[3/3] RUN echo "1" '\${w}' $x y`,
  ]);
});

test("planBuild() names the contexts of --build-context", async () => {
  assert.deepEqual(await names(["FROM scratch", "COPY --from=docs . /"], { contexts: ["docs"] }), [
    "[context docs] load",
    "[stage-0 1/1] COPY --from=docs . /",
  ]);
});

test("planBuild() tells where each step stands", async () => {
  const { vertices } = await plan("# comment\nFROM debian\n\nRUN a \\\n  b\nCOPY . /");
  assert.deepEqual(
    vertices.map(({ at, stage }) => [at?.range.start.line, stage]),
    [
      [1, "stage-0"],
      [3, "stage-0"],
      [undefined, undefined],
      [5, "stage-0"],
    ],
  );
});
