import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseDockerfile } from "../../builder/dockerfile/parse.ts";
import { printGraph } from "../../builder/graph/print.ts";
import type { RunConfig } from "../../builder/image/types.ts";
import type { PlanOptions } from "../../builder/stages/types.ts";
import { projectRoot } from "../support/project.ts";
import { plan, type FakeImage } from "./planning.ts";

const folder = join(projectRoot, "fixtures/real-world");

/** What the images that the Dockerfiles build on say of themselves. */
const configs = JSON.parse(readFileSync(join(folder, "images.json"), "utf8")) as Record<string, RunConfig>;
const IMAGES: Readonly<Record<string, FakeImage>> = Object.fromEntries(
  Object.entries(configs).map(([name, config]) => [name, { config }]),
);

const ARM64: Partial<PlanOptions> = {
  targetPlatform: { os: "linux", architecture: "arm64" },
  explicitPlatform: true,
};

const OPTIONS: Readonly<Record<string, Partial<PlanOptions>>> = {
  "apk-cache": { buildArgs: { BUILDKIT_CACHE_MOUNT_NS: "team" } },
  "arg-matrix": { buildArgs: { PHP: "8.2" } },
  "cpp-cmake": { target: "test" },
  "deno-fresh": { buildArgs: { GIT_REVISION: "4f2a9c1" } },
  devcontainer: { buildArgs: { VARIANT: "bookworm", USERNAME: "dev" } },
  "dotnet-aspnet": ARM64,
  "go-distroless-cross": {
    targetPlatform: { os: "linux", architecture: "arm", variant: "v7" },
    explicitPlatform: true,
  },
  "go-tools-matrix": { ...ARM64, target: "binary" },
  "labels-from-args": {
    buildArgs: { VERSION: "1.4.0", VCS_REF: "4f2a9c1" },
    labels: { "org.opencontainers.image.version": "1.4.1" },
  },
  "multi-platform-xx": ARM64,
  "named-contexts": { contexts: ["base", "shared", "docs", "assets"] },
  "node-pnpm-monorepo": { target: "api" },
  "platform-stages": ARM64,
  "proxy-arguments": { buildArgs: { http_proxy: "http://proxy:3128", HTTPS_PROXY: "http://proxy:3129" } },
  "python-poetry": { target: "development" },
  "python-venv-multi-stage": { target: "test" },
  "unused-stages": { target: "app" },
};

const fixtures = readdirSync(folder).filter((name) => name.endsWith(".Dockerfile"));

function optionsOf(file: string): Partial<PlanOptions> | undefined {
  return OPTIONS[file.replace(".Dockerfile", "")];
}

for (const file of fixtures) {
  test(`planBuild() plans fixtures/real-world/${file}`, async () => {
    const graph = await plan(readFileSync(join(folder, file), "utf8"), optionsOf(file), IMAGES);
    const golden = join(folder, file.replace(".Dockerfile", ".graph.json"));
    if (process.env["UPDATE"] === "1") writeFileSync(golden, printGraph(graph));
    assert.equal(printGraph(graph), readFileSync(golden, "utf8"));
  });
}

test("every stage of these Dockerfiles can be a target, and every image is built on", async () => {
  const asked = new Set<string>();
  for (const file of fixtures) {
    const text = readFileSync(join(folder, file), "utf8");
    const stages = parseDockerfile({ name: file, text }).instructions.filter(({ kind }) => kind === "from");
    for (const [index] of stages.entries()) {
      const graph = await plan(text, { ...optionsOf(file), target: String(index) }, IMAGES);
      for (const one of graph.asked) asked.add(one.split(" ")[0] ?? "");
    }
  }
  assert.deepEqual([...asked].sort(), Object.keys(IMAGES).sort());
});

test("every option belongs to a Dockerfile", () => {
  assert.deepEqual(
    Object.keys(OPTIONS).filter((name) => !fixtures.includes(`${name}.Dockerfile`)),
    [],
  );
});
