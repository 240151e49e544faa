import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunConfig } from "../../builder/image/types.ts";
import { opsOf, plan, type FakeImage } from "../graph/planning.ts";

const BASE: FakeImage = {
  author: "Base",
  config: {
    Env: ["PATH=/base"],
    User: "app",
    WorkingDir: "/srv",
    Entrypoint: ["/entry"],
    Cmd: ["base-cmd"],
    Labels: { a: "1", b: "1" },
    ExposedPorts: { "80/tcp": {} },
    Volumes: { "/data": {} },
    Shell: ["/bin/bash", "-c"],
    StopSignal: "SIGINT",
  },
};

interface Case {
  readonly name: string;
  readonly lines: readonly string[];
  readonly config: { readonly [K in keyof RunConfig]?: RunConfig[K] | undefined };
}

const cases: readonly Case[] = [
  {
    name: "keeps everything of the base that no line changes",
    lines: ["FROM base"],
    config: BASE.config ?? {},
  },
  {
    name: "drops the base's CMD with ENTRYPOINT (rule 17)",
    lines: ["FROM base", 'ENTRYPOINT ["/new"]'],
    config: { Entrypoint: ["/new"], Cmd: undefined },
  },
  {
    name: "keeps a CMD that stands before ENTRYPOINT in the same stage (rule 17)",
    lines: ["FROM base", 'CMD ["own"]', 'ENTRYPOINT ["/new"]'],
    config: { Entrypoint: ["/new"], Cmd: ["own"], ArgsEscaped: true },
  },
  {
    name: "drops the CMD of the stage below with ENTRYPOINT (rule 17)",
    lines: ["FROM base AS one", 'CMD ["one"]', "FROM one", 'ENTRYPOINT ["/new"]'],
    config: { Entrypoint: ["/new"], Cmd: undefined },
  },
  {
    name: "takes the last of several CMDs and ENTRYPOINTs (rule 17)",
    lines: ["FROM base", 'CMD ["a"]', 'ENTRYPOINT ["b"]', 'CMD ["c"]', 'ENTRYPOINT ["d"]'],
    config: { Cmd: ["c"], Entrypoint: ["d"] },
  },
  { name: "clears CMD with [] (rule 5)", lines: ["FROM base", "CMD []"], config: { Cmd: [] } },
  {
    name: "makes an empty ENTRYPOINT null (rule 5)",
    lines: ["FROM base", "ENTRYPOINT []"],
    config: { Entrypoint: null },
  },
  {
    name: "runs a shell form through the base's SHELL (rule 18)",
    lines: ["FROM base", "CMD serve $PORT"],
    config: { Cmd: ["/bin/bash", "-c", "serve $PORT"] },
  },
  {
    name: "runs a shell form through SHELL from there on (rule 18)",
    lines: ["FROM debian", "CMD a", 'SHELL ["/bin/zsh", "-ec"]', "ENTRYPOINT b"],
    config: {
      Cmd: ["/bin/sh", "-c", "a"],
      Entrypoint: ["/bin/zsh", "-ec", "b"],
      Shell: ["/bin/zsh", "-ec"],
    },
  },
  {
    name: "always has a PATH, and the root for scratch (rule 19)",
    lines: ["FROM scratch", "ENV a=1"],
    config: {
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "a=1"],
      WorkingDir: "/",
    },
  },
  {
    name: "replaces a label where it stands and adds new ones (rule 20)",
    lines: ["FROM base", "LABEL a=2 c=3", "LABEL __proto__=x"],
    config: { Labels: JSON.parse('{"a":"2","b":"1","c":"3","__proto__":"x"}') as Record<string, string> },
  },
  {
    name: "joins VOLUME and EXPOSE to the base's (rule 22)",
    lines: ["FROM base", 'VOLUME ["/more", "/data"]', "EXPOSE 53/udp"],
    config: { Volumes: { "/data": {}, "/more": {} }, ExposedPorts: { "80/tcp": {}, "53/udp": {} } },
  },
  {
    name: "takes USER as it is (rule 23)",
    lines: ["FROM base", "ENV u=1:2", "USER $u"],
    config: { User: "1:2" },
  },
  {
    name: "joins a relative WORKDIR to the one before, and takes ~ for a name (rule 24)",
    lines: ["FROM base", "WORKDIR a", "WORKDIR ../b/", "WORKDIR ~"],
    config: { WorkingDir: "/srv/b/~" },
  },
  {
    name: "takes STOPSIGNAL as it is",
    lines: ["FROM base", "STOPSIGNAL RTMIN+3"],
    config: { StopSignal: "RTMIN+3" },
  },
  {
    name: "keeps HEALTHCHECK with what was given alone (rule 9)",
    lines: ["FROM base", "HEALTHCHECK --interval=30s --retries=3 CMD curl -f http://localhost"],
    config: { Healthcheck: { Test: ["CMD-SHELL", "curl -f http://localhost"], Interval: 30e9, Retries: 3 } },
  },
  {
    name: "takes the exec form of HEALTHCHECK, and NONE",
    lines: ["FROM base", 'HEALTHCHECK CMD ["x"]', "HEALTHCHECK NONE"],
    config: { Healthcheck: { Test: ["NONE"] } },
  },
  {
    name: "keeps ONBUILD of its own stage",
    lines: ["FROM base", "ONBUILD RUN a", "ONBUILD COPY . /b"],
    config: { OnBuild: ["RUN a", "COPY . /b"] },
  },
];

for (const { name, lines, config } of cases) {
  test(`planBuild() ${name}`, async () => {
    const { target } = await plan(lines.join("\n"), {}, { base: BASE });
    const picked = Object.keys(config).map((key) => [key, target.config[key as keyof RunConfig]]);
    assert.deepEqual(Object.fromEntries(picked), config);
  });
}

test("planBuild() puts the labels of the command line last and into no step (rule 20)", async () => {
  const text = "FROM base\nLABEL a=2\nRUN x";
  const plain = await plan(text, {}, { base: BASE });
  const labelled = await plan(text, { labels: { a: "cli", z: "9" } }, { base: BASE });
  assert.deepEqual(labelled.target.config.Labels, { a: "cli", b: "1", z: "9" });
  assert.equal(labelled.target.rootfs, plain.target.rootfs);
});

test("planBuild() makes a step of every WORKDIR but the root, owned by the user of that line (rule 24)", async () => {
  const graph = await plan("FROM debian\nWORKDIR /a\nUSER app\nWORKDIR b\nWORKDIR /");
  assert.deepEqual(opsOf(graph, "mkdir"), [
    { type: "mkdir", base: 0, path: "/a", user: "" },
    { type: "mkdir", base: 0, path: "/a/b", user: "app" },
  ]);
  assert.equal(graph.target.config.WorkingDir, "/");
});

test("planBuild() takes the author of the base, and MAINTAINER over it", async () => {
  const images = { base: BASE };
  assert.equal((await plan("FROM base", {}, images)).target.author, "Base");
  assert.equal((await plan("FROM base\nMAINTAINER Me", {}, images)).target.author, "Me");
});
