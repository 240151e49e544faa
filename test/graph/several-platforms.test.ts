import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeGraphs } from "../../builder/graph/merge.ts";
import { printGraph } from "../../builder/graph/print.ts";
import { AMD64, plan } from "./planning.ts";

const ARM64 = { os: "linux", architecture: "arm64" };
const CROSS = `FROM --platform=$BUILDPLATFORM base AS tools
RUN fetch
FROM tools AS build
ARG TARGETARCH
RUN make $TARGETARCH
FROM base
RUN configure
COPY --from=build /out /
`;

const IMAGES = { base: {} };
const several = (text: string, ...targets: (typeof AMD64)[]): ReturnType<typeof plan>[] =>
  targets.map((targetPlatform) =>
    plan(
      text,
      { buildPlatform: AMD64, targetPlatform, explicitPlatform: true, isOneOfSeveral: true },
      IMAGES,
    ),
  );

test("mergeGraphs() has what platforms share once, and says of each step which platform it is for", async () => {
  const merged = mergeGraphs(await Promise.all(several(CROSS, AMD64, ARM64)));
  const names = merged.vertices.map(({ name }) => name).filter((name) => !name.includes("FROM"));
  assert.deepEqual(names, [
    "[linux/amd64 tools 2/2] RUN fetch",
    "[linux/amd64 build 1/1] RUN make amd64",
    "[linux/amd64 stage-2 2/3] RUN configure",
    "[linux/amd64 stage-2 3/3] COPY --from=build /out /",
    "[linux/amd64->arm64 build 1/1] RUN make arm64",
    "[linux/arm64 stage-2 2/3] RUN configure",
    "[linux/arm64 stage-2 3/3] COPY --from=build /out /",
  ]);
  assert.deepEqual(
    merged.targets.map(({ platform }) => platform),
    [AMD64, ARM64],
  );
  const printed = JSON.parse(printGraph(merged)) as { targets: { rootfs: string }[] };
  assert.equal(new Set(printed.targets.map(({ rootfs }) => rootfs)).size, 2);
});

test("mergeGraphs() refuses platforms with times of their own", async () => {
  const text = "ARG TARGETARCH\nARG SOURCE_DATE_EPOCH=${TARGETARCH#[a-z]*d}\nFROM base\n";
  const graphs = await Promise.all(several(text.replace("#[a-z]*d", ":+1"), AMD64, ARM64));
  assert.equal(mergeGraphs(graphs).epoch, 1);
  const [first, second] = graphs;
  assert.ok(first !== undefined && second !== undefined);
  const other = { ...second, target: { ...second.target, epoch: 2 } };
  assert.throws(
    () => mergeGraphs([first, other]),
    /SOURCE_DATE_EPOCH is not the same for linux\/amd64 and linux\/arm64/,
  );
});
