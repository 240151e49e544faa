import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TsbuildError } from "../../builder/core/errors.ts";
import type { Platform } from "../../builder/core/platform.ts";
import { sha256 } from "../../builder/core/digest.ts";
import { canonicalJson, type Json } from "../../builder/core/json.ts";
import { parseDockerfile } from "../../builder/dockerfile/parse.ts";
import { planBuild } from "../../builder/graph/plan.ts";
import type { BuildGraph } from "../../builder/graph/types.ts";
import { rememberedPlan, type Planning } from "../../builder/planning/plan-cache.ts";
import { GRAPH, packPlan, unpackPlan } from "../../builder/planning/plan-file.ts";
import type { BaseImages, PlanOptions } from "../../builder/stages/types.ts";
import { AMD64, FakeImages, plan } from "../graph/planning.ts";
import { scratchStore, type ScratchStore } from "../store/scratch.ts";

const TEXT = `FROM debian AS one
ARG VERSION
ARG VERSION
WORKDIR relative
COPY notes.txt /
RUN --mount=type=bind,from=alpine,target=/mnt echo $VERSION
FROM one as Two
COPY <<EOF /a
√ text
EOF
`;

interface Choices {
  readonly code?: string | undefined;
  readonly text?: string;
  readonly options?: Partial<PlanOptions>;
  readonly images?: BaseImages;
}

interface Outcome {
  readonly graph: BuildGraph;
  /** Whether it was planned, not remembered. */
  readonly planned: boolean;
  readonly warnings: readonly string[];
}

async function planIn({ store }: ScratchStore, choices: Choices = {}): Promise<Outcome> {
  const warnings: string[] = [];
  let planned = false;
  const given: Planning = {
    source: { name: "Dockerfile", text: choices.text ?? TEXT },
    options: {
      buildArgs: {},
      labels: {},
      buildPlatform: AMD64,
      targetPlatform: AMD64,
      explicitPlatform: false,
      contexts: [],
      ignored: () => undefined,
      ...choices.options,
    },
    images: choices.images ?? new FakeImages({ debian: {}, alpine: {} }),
    warn: (message, diagnostic) =>
      warnings.push(`${diagnostic?.range.start.line} ${message} ${diagnostic?.source.text}`),
  };
  const code = "code" in choices ? choices.code : "one";
  const graph = await rememberedPlan({ format: GRAPH, store, code, place: ["here"] }, given, (planning) => {
    planned = true;
    return planBuild(parseDockerfile(planning.source), planning.options, planning.images, planning.warn);
  });
  return { graph, planned, warnings };
}

function planFile({ root }: ScratchStore): string {
  const [name = ""] = readdirSync(join(root, "plans"));
  return join(root, "plans", name);
}

const asText = (value: unknown): string => canonicalJson(JSON.parse(JSON.stringify(value)) as Json);

test("rememberedPlan() gives the same graph and the same warnings without planning again", async () => {
  using scratch = scratchStore();
  const first = await planIn(scratch);
  const second = await planIn(scratch);
  assert.deepEqual([first.planned, second.planned], [true, false]);
  assert.equal(asText(second.graph), asText(first.graph));
  assert.ok(first.warnings.length > 0);
  assert.deepEqual(second.warnings, first.warnings);
});

test("rememberedPlan() keeps the Dockerfile's text once", async () => {
  using scratch = scratchStore();
  await planIn(scratch);
  assert.equal(readFileSync(planFile(scratch), "utf8").split("√ text\\nEOF").length - 1, 1);
});

const other = (changes: Partial<FakeImages>): BaseImages => {
  const images = new FakeImages({ debian: {}, alpine: {} });
  return { resolve: (...args) => images.resolve(...args), ...changes };
};

const moved = (change: { readonly manifest?: "new"; readonly reference?: string }): BaseImages =>
  other({
    async resolve(reference: string, platform: Platform) {
      const image = await new FakeImages({ debian: {}, alpine: {} }).resolve(reference, platform);
      return {
        ...image,
        ...(change.manifest && { manifest: sha256("another manifest") }),
        ...(change.reference === undefined ? {} : { reference: change.reference }),
      };
    },
  });

const CHANGES: Readonly<Record<string, Choices>> = {
  "a byte of the Dockerfile": { text: `${TEXT}\n` },
  "a build argument": { options: { buildArgs: { VERSION: "2" } } },
  "a build argument that nothing uses": { options: { buildArgs: { OTHER: "2" } } },
  "the target": { options: { target: "one" } },
  "the platform": { options: { targetPlatform: { os: "linux", architecture: "arm64" } } },
  "that the platform is asked for": { options: { explicitPlatform: true } },
  "a label": { options: { labels: { a: "b" } } },
  "a named context": { options: { contexts: ["files"] } },
  "an image for a name": { options: { contexts: ["debian"], images: new Map([["debian", "alpine"]]) } },
  "what an ignore file hides": {
    options: { ignored: () => ({ pattern: "*.txt", file: ".dockerignore", line: 1 }) },
  },
  "what a base image's name stands for": { images: moved({ manifest: "new" }) },
  "a base image's full name": { images: moved({ reference: "example.com/debian:latest" }) },
  "the code that plans": { code: "two" },
};

for (const [what, change] of Object.entries(CHANGES)) {
  test(`rememberedPlan() plans anew after a change of ${what}`, async () => {
    using scratch = scratchStore();
    await planIn(scratch);
    const changed = await planIn(scratch, change);
    assert.equal(changed.planned, true);
    assert.equal((await planIn(scratch, change)).planned, false);
    using fresh = scratchStore();
    assert.equal(asText(changed.graph), asText((await planIn(fresh, change)).graph));
  });
}

test("rememberedPlan() plans anew where the file is torn, cut or another's", async () => {
  for (const spoil of [
    (text: string) => text.slice(0, -20),
    (text: string) => text.replace(/"code":"[^"]*"/, '"code":"another"'),
    (text: string) => text.slice(text.indexOf("\n") + 1),
    () => "",
    () => "\0".repeat(100),
  ]) {
    using scratch = scratchStore();
    const first = await planIn(scratch);
    const path = planFile(scratch);
    writeFileSync(path, spoil(readFileSync(path, "utf8")));
    const second = await planIn(scratch);
    assert.equal(second.planned, true);
    assert.equal(asText(second.graph), asText(first.graph));
  }
});

test("rememberedPlan() asks for every image each time, and only once", async () => {
  using scratch = scratchStore();
  for (const planned of [true, false]) {
    const images = new FakeImages({ debian: {}, alpine: {} });
    assert.equal((await planIn(scratch, { images })).planned, planned);
    assert.deepEqual(images.asked.sort(), ["alpine amd64", "debian amd64"]);
  }
});

test("rememberedPlan() fails as planning does when an image is not to be had any more", async () => {
  using scratch = scratchStore();
  await planIn(scratch);
  const images = new FakeImages({ debian: {} });
  await assert.rejects(planIn(scratch, { images }), (error: TsbuildError) => {
    assert.equal(error.code, "IMAGE_NOT_FOUND");
    assert.equal(error.diagnostics[0]?.range.start.line, 5);
    return true;
  });
  assert.deepEqual(images.asked.sort(), ["alpine amd64", "debian amd64"]);
});

test("rememberedPlan() keeps nothing of compiled files that run as they are, nor credentials", async () => {
  using scratch = scratchStore();
  for (const choices of [
    { code: undefined },
    { text: "FROM debian\nADD https://me:pass@example.com/a /\n" },
  ]) {
    assert.equal((await planIn(scratch, choices)).planned, true);
    assert.equal((await planIn(scratch, choices)).planned, true);
  }
  assert.throws(() => readdirSync(join(scratch.root, "plans")), { code: "ENOENT" });
});

test("packPlan() writes the Dockerfile once, however many vertices point into it", async () => {
  const text = `FROM debian\n${Array.from({ length: 500 }, (_, at) => `RUN ${at}\n`).join("")}`;
  const graph = await plan(text);
  const packed = packPlan(
    { source: { name: "Dockerfile", text: "" }, result: graph, warnings: [], images: [], ignored: [] },
    GRAPH,
  );
  assert.equal(packed.split("RUN 499\\n").length, 2);
  assert.equal(asText(unpackPlan(packed, GRAPH).result.vertices), asText(graph.vertices));
});
