import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlanOptions } from "../../builder/stages/types.ts";
import { execOf, opsOf, plan } from "../graph/planning.ts";

interface Case {
  readonly name: string;
  readonly lines: readonly string[];
  readonly options?: Partial<PlanOptions>;
  /** Variables of the only RUN, but PATH. */
  readonly run?: readonly string[];
  /** Variables of the config, but PATH. */
  readonly config?: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: "shows one instruction the variables from before it (rule 11)",
    lines: ["FROM debian", "ENV a=old", "ENV a=new b=$a", "RUN x"],
    config: ["a=new", "b=old"],
  },
  {
    name: "lets ARG after ENV win for RUN but not in the config (rule 12)",
    lines: ["FROM debian", "ENV a=env", "ARG a=arg", "ENV b=$a", "RUN x"],
    run: ["a=arg", "b=arg"],
    config: ["a=env", "b=arg"],
  },
  {
    name: "lets ENV after ARG win (rule 12)",
    lines: ["FROM debian", "ARG a=arg", "ENV a=env", "RUN x"],
    run: ["a=env"],
    config: ["a=env"],
  },
  {
    name: "gives --build-arg precedence over the default of ARG (rule 13)",
    lines: ["FROM debian", "ARG a=default", "RUN x"],
    options: { buildArgs: { a: "given" } },
    run: ["a=given"],
    config: [],
  },
  {
    name: "takes a global ARG only where the line has no default (rule 13)",
    lines: ["ARG a=global b=global", "FROM debian", "ARG a b=stage", "RUN x"],
    run: ["a=global", "b=stage"],
  },
  {
    name: "leaves an ARG without any value unset (rule 13)",
    lines: ["FROM debian", "ARG a", "RUN x"],
    run: [],
  },
  {
    name: "does not show a global ARG to a stage that does not declare it (rule 13)",
    lines: ["ARG a=global", "FROM debian", "ENV b=<$a>", "RUN x"],
    run: ["b=<>"],
  },
  {
    name: "lets arguments flow to child stages but not to siblings (rule 13)",
    lines: ["FROM debian AS one", "ARG a=1", "FROM debian AS two", "ARG b=2", "FROM two", "RUN x"],
    run: ["b=2"],
  },
  {
    name: "sets config.Env over the arguments of a parent stage again (rule 12)",
    lines: ["FROM debian AS one", "ENV a=env", "ARG a=arg", "FROM one", "RUN x"],
    run: ["a=env"],
  },
  {
    name: "shows a global ARG the earlier ones and the platform (rule 14)",
    lines: ["ARG a=$TARGETARCH", "ARG b=$a-$b", "FROM debian", "ARG b", "RUN x"],
    run: ["b=amd64-"],
  },
  {
    name: "lets --build-arg override a platform argument (rule 14)",
    lines: ["FROM debian", "ARG TARGETARCH", "RUN x"],
    options: { buildArgs: { TARGETARCH: "s390x" } },
    run: ["TARGETARCH=s390x"],
  },
  {
    name: "has the target's platform and stage in arguments (rule 14)",
    lines: ["FROM debian AS app", "ARG TARGETPLATFORM TARGETVARIANT BUILDPLATFORM TARGETSTAGE", "RUN x"],
    options: { targetPlatform: { os: "linux", architecture: "arm", variant: "v7" }, explicitPlatform: true },
    run: ["TARGETPLATFORM=linux/arm/v7", "TARGETVARIANT=v7", "BUILDPLATFORM=linux/amd64", "TARGETSTAGE=app"],
  },
  {
    name: "keeps the place of a variable that ENV replaces (rule 20)",
    lines: ["FROM debian", "ENV a=1 b=2", "ENV a=3", "RUN x"],
    config: ["a=3", "b=2"],
  },
  {
    name: "expands the names of ENV and LABEL too (rule 10)",
    lines: ["FROM debian", "ENV name=key", "ENV $name=value", "RUN x"],
    config: ["name=key", "key=value"],
  },
  {
    name: "keeps what is for the scanner of software lists out of the environment",
    lines: ["FROM debian", "ARG BUILDKIT_SBOM_SCAN_STAGE=true BUILDKIT_SBOM_SCAN_CONTEXT", "RUN x"],
    run: [],
  },
  {
    name: "takes __proto__ and constructor for ordinary names",
    lines: ["FROM debian", "ARG constructor", "ENV __proto__=$constructor toString=1", "RUN x"],
    options: { buildArgs: JSON.parse('{"constructor":"c"}') as Record<string, string> },
    run: ["__proto__=c", "toString=1", "constructor=c"],
  },
];

function withoutPath(env: readonly string[]): readonly string[] {
  return env.filter((one) => !one.startsWith("PATH="));
}

for (const { name, lines, options, run, config } of cases) {
  test(`planBuild() ${name}`, async () => {
    const graph = await plan(lines.join("\n"), options);
    if (run !== undefined) assert.deepEqual(withoutPath(execOf(graph).env), run);
    if (config !== undefined) assert.deepEqual(withoutPath(graph.target.config.Env ?? []), config);
  });
}

test("planBuild() passes proxy arguments beside the environment, in both cases (rule 15)", async () => {
  const buildArgs = { http_proxy: "http://p:1", NO_PROXY: "localhost" };
  const graph = await plan("FROM debian\nRUN x", { buildArgs });
  const { env, proxyEnv } = execOf(graph);
  assert.deepEqual(proxyEnv, [
    "HTTP_PROXY=http://p:1",
    "http_proxy=http://p:1",
    "NO_PROXY=localhost",
    "no_proxy=localhost",
  ]);
  assert.equal(env.length, 1);
  assert.deepEqual(graph.warnings, []);
});

test("planBuild() warns of build arguments that nothing takes, and says which was meant", async () => {
  const text = "FROM debian AS a\nARG VERSION=1\nRUN x";
  const { warnings } = await plan(text, {
    buildArgs: { VERSOIN: "2", VERSION: "3", BUILDKIT_INLINE_CACHE: "1" },
  });
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /"VERSOIN".*did you mean "VERSION"\?/);
});

test("planBuild() warns of a variable that is not set, with the nearest that is", async () => {
  const text =
    "FROM debian\nENV DIRECTORY=/a\nARG unset\nWORKDIR /$DIRECTROY/x\nUSER ${name:-root}\nVOLUME /$unset";
  const { diagnostics } = await plan(text);
  assert.deepEqual(
    diagnostics.map(({ rule, message, range, fix }) => [rule, message, range.start.line, fix]),
    [["UndefinedVar", 'Usage of undefined variable "$DIRECTROY"', 3, 'did you mean "$DIRECTORY"?']],
  );
});

test("planBuild() gives every RUN of a stage the arguments declared above it alone", async () => {
  const graph = await plan("FROM debian\nRUN a\nARG x=1\nRUN b");
  assert.deepEqual(
    opsOf(graph, "exec").map(({ env }) => env.length),
    [1, 2],
  );
});

test("planBuild() knows the arguments of BuildKit, says which have no effect, and takes no other for one", async () => {
  const buildArgs = {
    BUILDKIT_CACHE_MOUNT_NS: "n",
    BUILDKIT_CONTEXT_KEEP_GIT_DIR: "1",
    BUILDKIT_DOCKERFILE_CHECK: "skip=all",
    BUILDKIT_INLINE_CACHE: "1",
    BUILDKIT_SANDBOX_HOSTNAME: "h",
    BUILDKIT_SYNTAX: "docker/dockerfile:1",
    SOURCE_DATE_EPOCH: "0",
    no_proxy: "x",
  };
  assert.deepEqual((await plan("FROM scratch", { buildArgs })).warnings, []);
  const foreign = {
    BUILDKIT_BUILD_NAME: "n",
    BUILDKIT_MULTI_PLATFORM: "1",
    BUILDKIT_SYNTAX: "other/frontend",
    BUILDKIT_OTHER: "1",
  };
  const { warnings } = await plan("FROM scratch", { buildArgs: foreign });
  assert.deepEqual(
    warnings.map((warning) => warning.replace(/(has no effect|was given).*/, "$1")),
    [
      'Build argument "BUILDKIT_BUILD_NAME" has no effect',
      'Build argument "BUILDKIT_MULTI_PLATFORM" has no effect',
      'Build argument "BUILDKIT_OTHER" was given',
      "BUILDKIT_SYNTAX=other/frontend has no effect",
    ],
  );
  const declared = await plan("FROM scratch\nARG BUILDKIT_BUILD_NAME", {
    buildArgs: { BUILDKIT_BUILD_NAME: "n" },
  });
  assert.deepEqual(declared.warnings, []);
});
