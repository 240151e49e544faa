import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import { TsbuildError } from "../../builder/core/errors.ts";
import { parseDockerfile } from "../../builder/dockerfile/parse.ts";
import { planBuild } from "../../builder/graph/plan.ts";
import type { BaseImages, PlanOptions } from "../../builder/stages/types.ts";
import { AMD64, FakeImages, opsOf, plan, problemsOf, refusal } from "../graph/planning.ts";

const ARM64 = { os: "linux", architecture: "arm64" };

test("planBuild() asks only for the images that the target needs", async () => {
  const text = "FROM a AS one\nFROM b AS two\nFROM one AS three\nCOPY --from=c /x /x\nFROM d";
  const images = { a: {}, b: {}, c: {}, d: {} };
  assert.deepEqual((await plan(text, { target: "three" }, images)).asked, ["a amd64", "c amd64"]);
  assert.deepEqual((await plan(text, {}, images)).asked, ["d amd64"]);
});

test("planBuild() asks for an image once per platform", async () => {
  const text = [
    "FROM --platform=$BUILDPLATFORM debian AS a",
    "FROM debian AS b",
    "FROM debian",
    "COPY --from=a /a /",
    "COPY --from=b /b /",
  ];
  const options = { targetPlatform: ARM64, explicitPlatform: true };
  assert.deepEqual((await plan(text.join("\n"), options)).asked, ["debian amd64", "debian arm64"]);
});

test("planBuild() asks for independent images at the same time", async () => {
  const registry = new FakeImages({ a: {}, b: {} });
  const asked = new EventEmitter();
  const bothAsked = once(asked, "both");
  const images: BaseImages = {
    async resolve(reference, platform) {
      const image = registry.resolve(reference, platform);
      if (registry.asked.length === 2) asked.emit("both");
      // Asked for one after the other, the first would wait here for ever.
      await bothAsked;
      return image;
    },
  };
  const dockerfile = parseDockerfile({ name: "Dockerfile", text: "FROM a AS x\nFROM b\nCOPY --from=x /a /" });
  const options: PlanOptions = {
    buildArgs: {},
    labels: {},
    buildPlatform: AMD64,
    targetPlatform: AMD64,
    explicitPlatform: false,
    contexts: [],
  };
  const graph = await planBuild(dockerfile, options, images, () => assert.fail("nothing to warn of"));
  assert.equal(graph.vertices.length, 3);
});

test("planBuild() asks for no more images after one that cannot be had", async () => {
  const asked: string[] = [];
  const images: BaseImages = {
    resolve(reference) {
      asked.push(reference);
      return Promise.reject(new TsbuildError("NETWORK", `Cannot reach ${reference}`));
    },
  };
  const lines = Array.from({ length: 1000 }, (_, at) => `COPY --from=image${at} /a /`);
  const dockerfile = parseDockerfile({ name: "Dockerfile", text: `FROM scratch\n${lines.join("\n")}` });
  const options: PlanOptions = {
    buildArgs: {},
    labels: {},
    buildPlatform: AMD64,
    targetPlatform: AMD64,
    explicitPlatform: false,
    contexts: [],
  };
  await assert.rejects(
    planBuild(dockerfile, options, images, () => {}),
    /Cannot reach image0/,
  );
  assert.ok(asked.length < 20, `${asked.length} were asked for`);
});

const stages =
  "FROM debian AS one\nENV n=1\nFROM debian AS two\nENV n=2\nFROM debian AS one\nENV n=3\nFROM debian\nENV n=4";
const targets: readonly (readonly [target: string | undefined, n: string, stage: string])[] = [
  [undefined, "4", "stage-3"],
  ["two", "2", "two"],
  ["TWO", "2", "two"],
  ["one", "3", "one"],
  ["0", "1", "one"],
  ["3", "4", "stage-3"],
];

for (const [target, n, stage] of targets) {
  test(`planBuild() builds stage ${stage} for --target ${target ?? "(none)"} (rule 8)`, async () => {
    const graph = await plan(stages, target === undefined ? {} : { target });
    assert.equal(graph.target.config.Env?.at(-1), `n=${n}`);
    assert.equal(graph.target.stage, stage);
  });
}

test("planBuild() says which target was meant", async () => {
  const error = await refusal(stages, { target: "tow" });
  assert.match(error.message, /^Cannot build target "tow": "Dockerfile" has no such stage$/);
  assert.equal(error.hint, 'did you mean "two"?');
  assert.equal((await refusal(stages, { target: "9" })).hint, "the stages are one, two, one");
});

test("planBuild() looks up FROM as it is written, so that FROM Build is an image (rule 8)", async () => {
  const { asked } = await plan("FROM debian AS build\nFROM Build", {}, { Build: {} });
  assert.deepEqual(asked, ["Build amd64"]);
});

test("planBuild() expands FROM with global arguments alone (rule 10)", async () => {
  const text = "ARG tag=12\nFROM debian:$tag\nARG tag=13\nFROM alpine:${tag}";
  const images = { "alpine:12": {} };
  assert.deepEqual((await plan(text, {}, images)).asked, ["alpine:12 amd64"]);
});

test("planBuild() refuses a FROM that names nothing", async () => {
  const error = await refusal("ARG image\nFROM $image\nFROM --platform=linux/a/b/c debian");
  assert.deepEqual(problemsOf(error), [
    "2: Cannot use FROM $image: it names no image",
    '3: Cannot use platform "linux/a/b/c": it is not os/architecture[/variant]',
  ]);
});

test("planBuild() refuses a stage that stands later, and the stage itself", async () => {
  const text =
    "FROM debian AS a\nCOPY --from=b /x /\nRUN --mount=from=a,target=/y z\nFROM debian AS b\nCOPY --from=a /x /";
  assert.deepEqual(problemsOf(await refusal(text)), [
    '2: Cannot copy from stage "b": it begins later, on line 4',
    '3: Cannot copy from stage "a": it is this stage',
  ]);
});

test("planBuild() takes an image without layers for scratch (rule 25)", async () => {
  const graph = await plan("FROM empty\nCOPY a /", {}, { empty: { layers: 0, config: { User: "u" } } });
  assert.deepEqual(
    opsOf(graph, "copy").map(({ base }) => base),
    [null],
  );
  assert.equal(graph.target.config.User, "u");
  assert.equal((await plan("FROM scratch\nENV a=1")).target.rootfs, null);
});

test("planBuild() lets the base decide the platform where none was asked for (rule 25)", async () => {
  const images = { only: { platform: "linux/arm64" } };
  const graph = await plan("FROM only\nRUN x", {}, images);
  assert.deepEqual(graph.target.platform, ARM64);
  assert.deepEqual(opsOf(graph, "exec")[0]?.platform, ARM64);
  assert.match(graph.warnings[0] ?? "", /is for linux\/arm64, not for linux\/amd64$/);
  assert.deepEqual(
    (await plan("FROM only\nRUN x", { explicitPlatform: true }, images)).target.platform,
    AMD64,
  );
});

test("planBuild() lets a named context stand in for an image and for a stage", async () => {
  const images = { alpine: {} };
  const image = await plan("FROM base:1\nRUN x", { contexts: ["base:1"] }, images);
  assert.deepEqual(image.asked, []);
  assert.deepEqual(
    image.vertices.map(({ op }) => op.type),
    ["context", "copy", "exec"],
  );
  const text = "FROM debian AS deps\nRUN install\nFROM alpine\nCOPY --from=deps /a /a";
  const stage = await plan(text, { contexts: ["deps"] }, images);
  assert.deepEqual(stage.asked, ["alpine amd64"]);
  assert.deepEqual(opsOf(stage, "exec"), []);
});

test("planBuild() puts an image that is not there at its line, and says which stage was meant", async () => {
  const text = "FROM debian AS build\nFROM alpine\nCOPY --from=biuld /a /";
  const error = await refusal(text);
  assert.equal(error.code, "IMAGE_NOT_FOUND");
  assert.deepEqual(problemsOf(error), ['3: Cannot find image "biuld": the registry does not have it']);
  assert.equal(error.diagnostics[0]?.fix, 'did you mean "build"?');
});

test("planBuild() takes __proto__ and constructor for ordinary names of contexts and images", async () => {
  const graph = await plan(
    "FROM constructor\nCOPY --from=__proto__ a /",
    { contexts: ["__proto__"] },
    { constructor: {} },
  );
  assert.deepEqual(graph.asked, ["constructor amd64"]);
  assert.deepEqual(opsOf(graph, "context"), [{ type: "context", name: "__proto__" }]);
});

test("planBuild() marks every image that is not there, and keeps what the registry advises", async () => {
  const error = await refusal("FROM nope AS a\nFROM debian\nCOPY --from=a /a /\nCOPY --from=gone /b /");
  assert.equal(error.hint, "check its name");
  assert.deepEqual(
    error.diagnostics.map(({ range }) => [range.start.line, range.start.column, range.end.column]),
    [
      [0, 5, 9],
      [3, 12, 16],
    ],
  );
});
