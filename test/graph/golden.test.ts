import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { printGraph } from "../../builder/graph/print.ts";
import type { PlanOptions } from "../../builder/stages/types.ts";
import { projectRoot } from "../support/project.ts";
import { plan, type FakeImage } from "./planning.ts";

const folder = join(projectRoot, "fixtures/graphs");

const IMAGES: Readonly<Record<string, FakeImage>> = {
  "node:20": { config: { Env: ["PATH=/usr/local/bin:/usr/bin:/bin", "NODE_VERSION=20.0.0"], Cmd: ["node"] } },
  "golang:1.22": { config: { Env: ["PATH=/usr/local/go/bin:/usr/bin:/bin"], WorkingDir: "/go" } },
  onbuild: { config: { OnBuild: ["COPY --from=assets /assets /assets", "RUN setup"] } },
  base: { author: "Base", config: { Cmd: ["sh"], User: "app", WorkingDir: "/srv", Labels: { a: "1" } } },
};

const OPTIONS: Readonly<Record<string, Partial<PlanOptions>>> = {
  stages: { targetPlatform: { os: "linux", architecture: "arm64" }, explicitPlatform: true },
  metadata: { labels: { "org.example.version": "2.0", ci: "yes" } },
  context: { contexts: ["deps", "docs"] },
  arm: {
    targetPlatform: { os: "linux", architecture: "arm", variant: "v7" },
    explicitPlatform: true,
    buildArgs: { HTTP_PROXY: "http://proxy:3128" },
  },
};

const fixtures = readdirSync(folder).filter((name) => name.endsWith(".Dockerfile"));

for (const file of fixtures) {
  const name = file.slice(0, -".Dockerfile".length);
  test(`printGraph() prints fixtures/graphs/${name}`, async () => {
    const graph = await plan(readFileSync(join(folder, file), "utf8"), OPTIONS[name], IMAGES);
    const golden = join(folder, `${name}.graph.json`);
    if (process.env["UPDATE"] === "1") writeFileSync(golden, printGraph(graph));
    assert.equal(printGraph(graph), readFileSync(golden, "utf8"));
  });
}

test("printGraph() prints the same text for the same Dockerfile", async () => {
  const text = readFileSync(join(folder, "stages.Dockerfile"), "utf8");
  const print = async (): Promise<string> => printGraph(await plan(text, {}, IMAGES));
  assert.equal(await print(), await print());
});
