import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlanOptions } from "../../builder/stages/types.ts";
import { copyOf, execOf, historyOf, plan, problemsOf, refusal } from "../graph/planning.ts";
import { variables } from "./reading.ts";

const ARM: Partial<PlanOptions> = {
  targetPlatform: { os: "linux", architecture: "arm", variant: "v7" },
  explicitPlatform: true,
};

/** The environment of the last RUN, and that of the image. */
async function environment(
  lines: readonly string[],
  options: Partial<PlanOptions> = {},
): Promise<{ readonly run: readonly string[]; readonly image: readonly string[] }> {
  const graph = await plan([...lines, "RUN x"].join("\n"), options);
  return { run: variables(execOf(graph).env), image: variables(graph.target.config.Env) };
}

test("rule 10: the builder expands these words, and leaves the others to the shell", async () => {
  const lines = [
    "ARG tag=12",
    "FROM debian:$tag",
    "ENV v=x k=key p='1 2/udp'",
    "ENV $k=$v",
    "ARG arg=$v",
    "LABEL l$v=$v",
    "EXPOSE $p",
    "USER $v",
    "VOLUME /$v",
    "WORKDIR /$v",
    "STOPSIGNAL ${signal:-SIGINT}",
    "COPY --chown=$v --chmod=${mode:-640} --exclude=$v /$v /to/$v/",
    "RUN --mount=type=cache,id=$v,target=/$v echo $v",
    "CMD $v",
    'ENTRYPOINT ["$v"]',
    'SHELL ["$v"]',
    "HEALTHCHECK CMD $v",
    "MAINTAINER $v",
  ];
  const graph = await plan(lines.join("\n"), {}, { "debian:12": {} });
  const { config, author } = graph.target;
  assert.deepEqual(graph.asked, ["debian:12 amd64"]);
  assert.deepEqual(variables(config.Env), ["v=x", "k=key", "p=1 2/udp", "key=x"]);
  assert.ok(execOf(graph).env.includes("arg=x"));
  assert.deepEqual(config.Labels, { lx: "x" });
  assert.deepEqual(Object.keys(config.ExposedPorts ?? {}), ["1/tcp", "2/udp"]);
  assert.deepEqual(Object.keys(config.Volumes ?? {}), ["/x"]);
  assert.deepEqual([config.User, config.WorkingDir, config.StopSignal], ["x", "/x", "SIGINT"]);
  const { chown, chmod, exclude, dest, sources } = copyOf(graph);
  assert.deepEqual([chown, chmod, exclude, dest], ["x", "640", ["x"], "/to/x/"]);
  assert.ok(sources[0]?.from === "input" && sources[0].path === "/x");
  const { argv, mounts } = execOf(graph);
  assert.equal(argv.at(-1), "echo $v");
  assert.ok(mounts[0]?.type === "cache" && mounts[0].id === "x" && mounts[0].target === "/x");
  assert.deepEqual(config.Entrypoint, ["$v"]);
  assert.deepEqual(config.Cmd?.at(-1), "$v");
  assert.deepEqual(config.Shell, ["$v"]);
  assert.deepEqual(config.Healthcheck?.Test, ["CMD-SHELL", "$v"]);
  assert.equal(author, "$v");
  const refused = await refusal("ARG s=debian\nFROM debian\nCOPY --from=$s a /");
  assert.equal(problemsOf(refused).length, 1);
  assert.match(problemsOf(refused)[0] ?? "", /COPY --from takes no variables/);
});

test("rule 11: one ENV sees the variables from before it, while each name of ARG sees those before it", async () => {
  const { run, image } = await environment(["FROM debian", "ENV a=1", "ENV a=2 b=$a", "ARG c=3 d=$c"]);
  assert.deepEqual(image, ["a=2", "b=1"]);
  assert.deepEqual(run, ["a=2", "b=1", "c=3", "d=3"]);
});

test("rule 12: ARG after ENV wins for RUN and never reaches config.Env", async () => {
  const after = await environment(["FROM debian", "ENV a=env", "ARG a=arg", "ENV b=$a"]);
  assert.deepEqual(after, { run: ["a=arg", "b=arg"], image: ["a=env", "b=arg"] });
  const before = await environment(["FROM debian", "ARG a=arg", "ENV a=env"]);
  assert.deepEqual(before, { run: ["a=env"], image: ["a=env"] });
  const base = { base: { config: { Env: ["PATH=/bin", "a=base"] } } };
  const inherited = await plan("FROM base\nARG a=arg\nRUN x", {}, base);
  assert.deepEqual(variables(execOf(inherited).env), ["a=arg"]);
  assert.deepEqual(variables(inherited.target.config.Env), ["a=base"]);
});

test("rule 13: --build-arg, then the line's default, then the global ARG; children inherit, siblings do not", async () => {
  const value = async (global: string, line: string, buildArgs = {}): Promise<unknown> =>
    (await environment([global, "FROM debian", line], { buildArgs })).run;
  assert.deepEqual(await value("ARG a=global", "ARG a=line", { a: "given" }), ["a=given"]);
  assert.deepEqual(await value("ARG a=global", "ARG a=line"), ["a=line"]);
  assert.deepEqual(await value("ARG a=global", "ARG a"), ["a=global"]);
  assert.deepEqual(await value("ARG b", "ARG a"), []);
  assert.deepEqual(await value("ARG a=global", "ARG b=<$a>"), ["b=<>"]);
  const unset = await plan("FROM debian\nARG a\nRUN x");
  assert.deepEqual(historyOf(unset), ["ARG a", "RUN |1 a= /bin/sh -c x # buildkit"]);
  const child = ["FROM debian AS one", "ARG a=1", "FROM debian AS two", "ARG b=2", "FROM two AS three"];
  assert.deepEqual((await environment(child)).run, ["b=2"]);
});

test("rule 14: a global ARG sees earlier ones and those of the platforms, which --build-arg overrides", async () => {
  const lines = ["ARG a=$TARGETARCH-$b", "ARG b=x", "FROM debian", "ARG a TARGETPLATFORM BUILDPLATFORM"];
  const { run } = await environment(lines, ARM);
  assert.deepEqual(run, ["a=arm-", "TARGETPLATFORM=linux/arm/v7", "BUILDPLATFORM=linux/amd64"]);
  const given = await environment(["FROM debian", "ARG TARGETARCH"], {
    buildArgs: { TARGETARCH: "riscv64" },
  });
  assert.deepEqual(given.run, ["TARGETARCH=riscv64"]);
  const from = await plan(
    "FROM --platform=$BUILDPLATFORM debian AS build\nFROM debian\nCOPY --from=build /a /",
    ARM,
  );
  assert.deepEqual(from.asked, ["debian amd64", "debian arm"]);
});

test("rule 15: proxy arguments reach RUN in both cases, and neither its key nor the history, unless declared", async () => {
  const buildArgs = { HTTPS_PROXY: "http://user:secret@proxy", no_proxy: "localhost" };
  const given = await plan("FROM debian\nRUN x", { buildArgs });
  assert.deepEqual(execOf(given).proxyEnv, [
    "HTTPS_PROXY=http://user:secret@proxy",
    "https_proxy=http://user:secret@proxy",
    "NO_PROXY=localhost",
    "no_proxy=localhost",
  ]);
  assert.deepEqual(variables(execOf(given).env), []);
  assert.deepEqual(historyOf(given), ["RUN /bin/sh -c x # buildkit"]);
  const declared = await plan("FROM debian\nARG no_proxy\nRUN x", { buildArgs });
  assert.deepEqual(variables(execOf(declared).env), ["no_proxy=localhost"]);
  assert.match(historyOf(declared)[1] ?? "", /^RUN \|1 no_proxy=localhost /);
});

/** What a word is worth where `v` is `a.b.c`, `e` is empty and `u` is not set. */
const WORDS: readonly (readonly [word: string, value: string])[] = [
  ["$v", "a.b.c"],
  ["${v}x", "a.b.cx"],
  ["$12x", "x"],
  ["$@$*$#$?$-$$$!$0", ""],
  ["${u:-d}${e:-d}${v:-d}", "dda.b.c"],
  ["${u-d}${e-d}", "d"],
  ["${v:+s}${e:+s}${e+s}${u+s}", "ss"],
  ["${v:?no}", "a.b.c"],
  ["${v#*.}|${v##*.}|${v%.*}|${v%%.*}", "b.c|c|a.b|a"],
  ["${v/./-}|${v//./-}", "a-b.c|a-b-c"],
  ["${u:-${e:-${v}}}", "a.b.c"],
  ["'$v'", "$v"],
  ["'a\\b'", "a\\b"],
  ['"\\$v \\" \\\\ \\n"', '$v " \\ \\n'],
  ["\\$v", "$v"],
  ["a\\b", "ab"],
];

test("rule 16: the details of quotes, escapes and operators", async () => {
  for (const [word, value] of WORDS) {
    const graph = await plan(`FROM debian\nENV v=a.b.c e=\nENV r=${word}`);
    assert.equal(graph.target.config.Env?.at(-1), `r=${value}`, word);
  }
  for (const word of ["${u:?no}", "${v:#a}", "${v:%a}", "${v^}", "${v", '"$v']) {
    const refused = await refusal(`FROM debian\nENV v=a\nENV r=${word}`);
    assert.equal(refused.code, "DOCKERFILE_INVALID", word);
  }
  const { diagnostics } = await plan("FROM debian\nLABEL a=$u");
  assert.deepEqual(
    diagnostics.map(({ rule }) => rule),
    ["UndefinedVar"],
  );
});
