import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunConfig } from "../../builder/image/types.ts";
import { resolveOwner } from "../../builder/ops/copy/owner.ts";
import { resolveRunUser } from "../../builder/core/accounts.ts";
import { AMD64, copyOf, execOf, historyOf, namesOf, opsOf, plan, type FakeImage } from "../graph/planning.ts";
import { errors, variables } from "./reading.ts";

const BASE: FakeImage = {
  config: {
    Env: ["PATH=/base", "a=1", "b=2"],
    Cmd: ["base"],
    Labels: { l: "base", m: "base" },
    OnBuild: ["RUN trigger"],
  },
  history: [{ created: "2020-01-01T00:00:00Z", created_by: "base" }],
};

async function configOf(...lines: readonly string[]): Promise<RunConfig> {
  return (await plan(lines.join("\n"), {}, { base: BASE })).target.config;
}

test("rule 17: ENTRYPOINT drops a CMD that another stage or the base set, the last of each wins", async () => {
  assert.equal((await configOf("FROM base", 'ENTRYPOINT ["e"]')).Cmd, undefined);
  const child = await configOf("FROM debian AS a", 'CMD ["a"]', "FROM a", 'ENTRYPOINT ["e"]');
  assert.equal(child.Cmd, undefined);
  assert.deepEqual((await configOf("FROM base", 'CMD ["c"]', 'ENTRYPOINT ["e"]')).Cmd, ["c"]);
  const last = await configOf("FROM base", 'ENTRYPOINT ["1"]', "CMD 1", 'ENTRYPOINT ["2"]', 'CMD ["2"]');
  assert.deepEqual([last.Entrypoint, last.Cmd], [["2"], ["2"]]);
});

test("rule 18: a shell form goes through SHELL, which is in the config and inherited, and CMD sets ArgsEscaped", async () => {
  const plain = await configOf("FROM debian", "CMD a b");
  assert.deepEqual([plain.Cmd, plain.ArgsEscaped], [["/bin/sh", "-c", "a b"], true]);
  const inherited = await configOf("FROM debian AS a", 'SHELL ["/bin/bash", "-ec"]', "FROM a", "CMD x");
  assert.deepEqual(inherited.Cmd, ["/bin/bash", "-ec", "x"]);
  assert.deepEqual(inherited.Shell, ["/bin/bash", "-ec"]);
  assert.equal((await configOf("FROM debian", 'ENTRYPOINT ["a"]')).ArgsEscaped, undefined);
});

test("rule 19: there is a PATH always, and the root directory for scratch", async () => {
  const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const scratch = await configOf("FROM scratch", "USER 1");
  assert.deepEqual([scratch.Env, scratch.WorkingDir], [[path], "/"]);
  const bare = await plan("FROM bare\nRUN x", {}, { bare: { config: { Env: ["a=1"] } } });
  assert.deepEqual(bare.target.config.Env, ["a=1", path]);
  assert.ok(execOf(bare).env.includes(path));
  assert.equal((await configOf("FROM base")).Env?.[0], "PATH=/base");
});

test("rule 20: ENV keeps a name's place, --label comes last and into no key, the base's history stays", async () => {
  assert.deepEqual(variables((await configOf("FROM base", "ENV c=3 a=4")).Env), ["a=4", "b=2", "c=3"]);
  const text = "FROM base\nLABEL l=own\nRUN x";
  const plain = await plan(text, {}, { base: BASE });
  const labelled = await plan(text, { labels: { l: "cli", n: "cli" } }, { base: BASE });
  assert.deepEqual(labelled.target.config.Labels, { l: "cli", m: "base", n: "cli" });
  assert.deepEqual(labelled.target.rootfs, plain.target.rootfs);
  assert.deepEqual(plain.target.history[0], { entry: BASE.history?.[0], inherited: true });
});

test("rule 21: triggers of an image and of a stage run once, right after FROM, and may need stages", async () => {
  const image = await plan("FROM base\nRUN own", {}, { base: BASE });
  assert.deepEqual(
    namesOf(image).map((name) => name.replace(/@.*/, "")),
    ["[1/3] FROM docker.io/library/base:latest", "[2/3] ONBUILD RUN trigger", "[3/3] RUN own"],
  );
  assert.equal(image.target.config.OnBuild, undefined);
  const stage = ["FROM debian AS a", "ONBUILD RUN t", "FROM a AS b", "FROM b", "RUN own"].join("\n");
  assert.deepEqual(historyOf(await plan(stage)), [
    "RUN /bin/sh -c t # buildkit",
    "RUN /bin/sh -c own # buildkit",
  ]);
  const upstream = { base: { config: { OnBuild: ["COPY --from=secret /key /key"] } } };
  const reads = await plan("FROM alpine AS secret\nRUN make key\nFROM base", {}, upstream);
  assert.deepEqual(reads.asked, ["base amd64", "alpine amd64"]);
  for (const trigger of ["ONBUILD RUN x", "FROM x", "MAINTAINER x"]) {
    assert.deepEqual(errors(`ONBUILD ${trigger}`), ["InvalidOnbuild"], trigger);
  }
});

test("rule 22: VOLUME makes no step, STOPSIGNAL must be a signal, USER is not looked up", async () => {
  const graph = await plan(
    "FROM debian\nVOLUME /data\nRUN touch /data/x\nSTOPSIGNAL RTMIN+1\nUSER nobody-here",
  );
  assert.deepEqual(
    graph.vertices.map(({ op }) => op.type),
    ["image", "exec"],
  );
  assert.deepEqual(graph.target.config.Volumes, { "/data": {} });
  assert.equal(graph.target.config.User, "nobody-here");
  await assert.rejects(plan("FROM debian\nSTOPSIGNAL SIGNOTHING"), /there is no such signal/);
});

const ACCOUNTS = {
  "/etc/passwd": "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n",
  "/etc/group": "root:x:0:\napp:x:1001:\nextra:x:50:app\n",
};

function readFile(path: string): Buffer {
  return Buffer.from(ACCOUNTS[path as keyof typeof ACCOUNTS]);
}

test("rule 23: USER and --chown read the accounts of the root filesystem, each in its way", () => {
  const run = (user: string): unknown => {
    const { uid, gid, groups } = resolveRunUser(user, readFile);
    return [uid, gid, groups];
  };
  assert.deepEqual(run("7:8"), [7, 8, [8]]);
  assert.deepEqual(run("1000"), [1000, 1001, [1001, 50]]);
  assert.deepEqual(run("7"), [7, 0, [0]]);
  assert.deepEqual(run("app"), [1000, 1001, [1001, 50]]);
  assert.deepEqual(run("app:extra"), [1000, 50, [50]]);
  assert.deepEqual(resolveOwner("7", readFile), { uid: 7, gid: 7 });
  assert.deepEqual(resolveOwner("app", readFile), { uid: 1000, gid: 1001 });
  assert.throws(() => resolveOwner("nobody-here", readFile), /nobody-here/);
});

test("rule 24: WORKDIR joins the one before, makes a step owned by the user of its line, and / makes none", async () => {
  const graph = await plan("FROM debian\nWORKDIR a\nUSER app\nWORKDIR ~/b\nWORKDIR /\nWORKDIR .");
  assert.deepEqual(
    opsOf(graph, "mkdir").map(({ path, user }) => [path, user]),
    [
      ["/a", ""],
      ["/a/~/b", "app"],
    ],
  );
  assert.deepEqual(
    graph.target.history.slice(-4).map(({ entry }) => [entry.created_by, entry.empty_layer]),
    [
      ["USER app", true],
      ["WORKDIR /a/~/b", undefined],
      ["WORKDIR /", true],
      ["WORKDIR /", true],
    ],
  );
});

test("rule 25: an image without layers is scratch, and the base decides the platform where nobody did", async () => {
  const empty = await plan("FROM empty\nCOPY a /", {}, { empty: { layers: 0 } });
  assert.equal(copyOf(empty).base, null);
  const images = { arm: { platform: "linux/arm64/v8" } };
  const implied = await plan("FROM arm\nRUN x", {}, images);
  assert.deepEqual(implied.target.platform, { os: "linux", architecture: "arm64" });
  assert.deepEqual(
    implied.diagnostics.map(({ rule }) => rule),
    ["InvalidBaseImagePlatform"],
  );
  const asked = await plan("FROM arm\nRUN x", { explicitPlatform: true }, images);
  assert.deepEqual(asked.target.platform, AMD64);
});

test("rule 26: history lines are BuildKit's, with build arguments in them and secrets not", async () => {
  const lines = [
    "FROM debian",
    "ARG a=1",
    "ENV k=v",
    "RUN --mount=type=secret,id=s,env=S make",
    "COPY --chown=1 x y /d/",
    "WORKDIR /p",
  ];
  const graph = await plan(lines.join("\n"), { buildArgs: { a: "leaks" } });
  assert.deepEqual(historyOf(graph), [
    "ARG a=leaks",
    "ENV k=v",
    "RUN |1 a=leaks /bin/sh -c make # buildkit",
    "COPY --chown=1 x y /d/ # buildkit",
    "WORKDIR /p",
  ]);
  const own = graph.target.history.filter(({ inherited }) => !inherited);
  assert.deepEqual(
    own.map(({ entry }) => entry.empty_layer ?? false),
    [true, true, false, false, false],
  );
});
