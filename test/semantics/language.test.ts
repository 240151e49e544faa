import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { PlanOptions } from "../../builder/stages/types.ts";
import { plan, refusal, type FakeImage } from "../graph/planning.ts";
import { projectRoot } from "../support/project.ts";

interface Shown {
  readonly text: string;
  readonly options?: Partial<PlanOptions>;
  readonly images?: Readonly<Record<string, FakeImage>>;
  /** What stands in the JSON of the graph. */
  readonly has?: readonly string[];
  readonly warns?: RegExp;
  readonly fails?: RegExp;
}

/** What the language has, one thing at a time: that it comes out as something, the other tests of this folder say as what. */
const FEATURES: Readonly<Record<string, Shown>> = {
  "# syntax=": {
    text: "# syntax=other/frontend\nFROM debian",
    warns: /^# syntax=other\/frontend has no effect/,
  },
  "# escape=": { text: "# escape=`\nFROM debian\nRUN a `\n  b\\", has: ['"a   b\\\\"'] },
  "# check=skip": { text: "# check=skip=StageNameCasing\nFROM debian AS A" },
  "# check=error": { text: "# check=error=true\nFROM debian AS A", fails: /not in lower case/ },
  "# check= above an instruction": {
    text: "# check=skip=MaintainerDeprecated\nFROM debian\n# check=skip=MaintainerDeprecated\nMAINTAINER me",
  },
  "heredoc of RUN": { text: "FROM debian\nRUN <<E\none\ntwo\nE", has: ['"one\\ntwo\\n"'] },
  "heredoc with #!": {
    text: "FROM debian\nRUN <<E\n#!/bin/awk\nE",
    has: ['"argv":["/bin/sh","-c","/dev/pipes/E"]', '"body":"#!/bin/awk\\n"'],
  },
  "heredocs of COPY, <<- and quoted": {
    text: "FROM debian\nARG x=1\nCOPY <<-A <<'B' /d/\n\ta$x\nA\nb$x\nB",
    has: ['"name":"A","data":"a1\\n"', '"name":"B","data":"b$x\\n"'],
  },
  "heredoc of ADD": { text: "FROM debian\nADD <<A /d\nx\nA", has: ['"data":"x\\n"'] },
  "heredoc in ONBUILD": {
    text: "FROM debian AS a\nONBUILD COPY <<A /d\nx\nA\nFROM a",
    has: ['"data":"x\\n"'],
  },
  "FROM --platform with a global ARG": {
    text: "ARG arch=arm64\nFROM --platform=linux/$arch debian",
    has: ['"architecture":"arm64"'],
  },
  "FROM AS, and FROM a stage": { text: "FROM debian AS a\nENV x=1\nFROM a", has: ['"x=1"'] },
  "several ARGs of a line, before FROM, of earlier ones": {
    text: "ARG a=1 b=${a}2\nFROM debian\nARG a b c=$b\nRUN x",
    has: ['"a=1","b=12","c=12"'],
  },
  ":- - :+ + :? ?": {
    text: "FROM debian\nENV e= s=v\nENV r=${e:-1}${e-2}${s:+3}${e+4}${s:?}${s?}",
    has: ['"r=134vv"'],
  },
  "# ## % %% / //": {
    text: "FROM debian\nENV s=a.b.a.b\nENV r=${s#*.}_${s##*.}_${s%.*}_${s%%.*}_${s/a/c}_${s//a/c}",
    has: ['"r=b.a.b_b_a.b.a_a_c.b.a.b_c.b.c.b"'],
  },
  "proxy arguments": {
    text: "FROM debian\nRUN x",
    options: { buildArgs: { HTTP_PROXY: "p", all_proxy: "q" } },
    has: ['"proxyEnv":["HTTP_PROXY=p","http_proxy=p","ALL_PROXY=q","all_proxy=q"]'],
  },
  "arguments of platforms": {
    text: "FROM debian AS t\nARG TARGETPLATFORM BUILDOS TARGETARCH TARGETOSVERSION TARGETSTAGE\nRUN x",
    options: { target: "t" },
    has: [
      '"TARGETPLATFORM=linux/amd64","BUILDOS=linux","TARGETARCH=amd64","TARGETOSVERSION=","TARGETSTAGE=t"',
    ],
  },
  SOURCE_DATE_EPOCH: { text: "ARG SOURCE_DATE_EPOCH=7\nFROM debian", has: ['"epoch":7'] },
  "COPY --from of a stage, a number, an image and a context": {
    text: "FROM debian AS a\nRUN x\nFROM scratch\nCOPY --from=a /1 /\nCOPY --from=0 /2 /\nCOPY --from=alpine /3 /\nCOPY --from=other /4 /",
    options: { contexts: ["other"] },
    has: ['"path":"/1"', '"path":"/2"', "library/alpine", '{"type":"context","name":"other"}'],
  },
  "COPY --chown": { text: "FROM debian\nCOPY --chown=www:1 a /", has: ['"chown":"www:1"'] },
  "COPY --chmod, octal": { text: "FROM debian\nCOPY --chmod=0644 a /", has: ['"chmod":"0644"'] },
  "COPY --chmod, symbolic": {
    text: "FROM debian\nCOPY --chmod=u=rwX,go=rX a /",
    has: ['"chmod":"u=rwX,go=rX"'],
  },
  "COPY --link": { text: "FROM debian\nCOPY --link a /", has: ['"link":true'] },
  "COPY --parents": {
    text: "FROM debian\nCOPY --parents a/./**/b /",
    has: ['"path":"a/./**/b"', '"parents":true'],
  },
  "COPY --exclude": {
    text: "FROM debian\nCOPY --exclude=*.o --exclude=d a /",
    has: ['"exclude":["*.o","d"]'],
  },
  "ADD of a URL": {
    text: "FROM debian\nADD https://e.example/d/f /",
    has: ['"type":"http","url":"https://e.example/d/f","filename":"f"'],
  },
  "ADD of a repository, as fragment": {
    text: "FROM debian\nADD https://e.example/r.git#v1:sub /d",
    has: ['"type":"git","remote":"https://e.example/r.git","ref":"v1","subdir":"sub"'],
  },
  "ADD of a repository, as query": {
    text: "FROM debian\nADD https://e.example/r.git?tag=v1&subdir=sub&keep-git-dir=true&submodules=false /d",
    has: ['"ref":"refs/tags/v1","subdir":"sub","keepGitDir":true,"submodules":false'],
  },
  "ADD --checksum": {
    text: `FROM debian\nADD --checksum=sha256:${"a".repeat(64)} https://e.example/f /`,
    has: [`"checksum":"sha256:${"a".repeat(64)}"`],
  },
  "ADD --keep-git-dir": {
    text: "FROM debian\nADD --keep-git-dir git@e.example:r /",
    has: ['"keepGitDir":true'],
  },
  "ADD --unpack": { text: "FROM debian\nADD --unpack https://e.example/f.tgz /", has: ['"unpack":true'] },
  "RUN --mount=bind": {
    text: "FROM alpine AS a\nFROM debian\nRUN --mount=type=bind,from=a,source=/s,target=/t,rw x",
    has: ['"type":"bind","target":"/t"', '"source":"/s","readonly":false'],
  },
  "RUN --mount=cache": {
    text: "FROM debian\nRUN --mount=type=cache,id=i,target=/t,sharing=locked,mode=0700,uid=1,gid=2,ro x",
    has: ['"id":"i","sharing":"locked","readonly":true', '"mode":448,"uid":1,"gid":2'],
  },
  "RUN --mount=tmpfs": {
    text: "FROM debian\nRUN --mount=type=tmpfs,target=/t,size=1m x",
    has: ['"size":1048576'],
  },
  "RUN --mount=secret": {
    text: "FROM debian\nRUN --mount=type=secret,id=s,env=S,required x",
    has: ['"type":"secret","id":"s"', '"env":"S","required":true'],
  },
  "RUN --mount=ssh": { text: "FROM debian\nRUN --mount=type=ssh x", has: ['"type":"ssh","id":"default"'] },
  "RUN --network": { text: "FROM debian\nRUN --network=none x", has: ['"network":"none"'] },
  "RUN --security": { text: "FROM debian\nRUN --security=insecure x", has: ['"security":"insecure"'] },
  "RUN --device": { text: "FROM debian\nRUN --device=gpu x", fails: /--device/ },
  HEALTHCHECK: {
    text: "FROM debian\nHEALTHCHECK --interval=1s --start-interval=2s --retries=3 CMD x",
    has: ['"Interval":1000000000', '"StartInterval":2000000000', '"Retries":3', '"CMD-SHELL","x"'],
  },
  "HEALTHCHECK NONE": { text: "FROM debian\nHEALTHCHECK NONE", has: ['"Test":["NONE"]'] },
  "SHELL, STOPSIGNAL, VOLUME, USER, EXPOSE": {
    text: 'FROM debian\nSHELL ["/b","-c"]\nSTOPSIGNAL 9\nVOLUME ["/v"] \nVOLUME /w /x\nUSER u:g\nEXPOSE 7-8/udp 9',
    has: [
      '"Shell":["/b","-c"]',
      '"StopSignal":"9"',
      '"Volumes":{"/v":{},"/w":{},"/x":{}}',
      '"User":"u:g"',
      '"ExposedPorts":{"7/udp":{},"8/udp":{},"9/tcp":{}}',
    ],
  },
  "VOLUME of what was meant as JSON": {
    text: "FROM debian\nVOLUME ['/a', '/b']",
    has: ['"Volumes":{"[/a,":{},"/b]":{}}'],
    warns: /^The arguments of VOLUME look like JSON but are not: they are split at spaces/,
  },
  "ONBUILD of COPY --from and RUN --mount": {
    text: "FROM alpine AS tools\nFROM base",
    images: {
      base: { config: { OnBuild: ["COPY --from=tools /a /", "RUN --mount=from=tools,target=/t x"] } },
    },
    has: ['"path":"/a"', '"target":"/t"'],
  },
  MAINTAINER: {
    text: "FROM debian\nMAINTAINER me",
    has: ['"author":"me"'],
    warns: /^MAINTAINER is deprecated/,
  },
  "did you mean, of an instruction": { text: "FROM debian\nCPOY a /", fails: /did you mean "?COPY/ },
  "did you mean, of a flag": { text: "FROM debian\nCOPY --chwon=1 a /", fails: /did you mean "?--chown/ },
  "did you mean, of a stage": {
    text: "FROM debian AS build\nFROM debian\nCOPY --from=biuld /a /",
    fails: /did you mean "?build/,
  },
};

for (const [name, shown] of Object.entries(FEATURES)) {
  const { text, options = {}, images = {}, has = [], warns, fails } = shown;
  test(`the language has ${name}`, async () => {
    if (fails !== undefined) {
      const { diagnostics, message } = await refusal(text, options, images);
      const all = [message, ...diagnostics.flatMap((one) => [one.message, one.fix ?? ""])].join("\n");
      assert.match(all, fails);
      return;
    }
    const { warnings, vertices, target } = await plan(text, options, images);
    const json = JSON.stringify({ vertices: vertices.map(({ op }) => op), target });
    for (const part of has) assert.ok(json.includes(part), `${part} is not in ${json}`);
    assert.equal(warnings.length, warns === undefined ? 0 : 1, warnings.join("\n"));
    if (warns !== undefined) assert.match(warnings[0] ?? "", warns);
  });
}

/** What no graph shows: a file of tests, and how a test in it is called. */
const ELSEWHERE: Readonly<Record<string, readonly [file: string, name: string]>> = {
  "BUILDKIT_… arguments": ["stages/variables", "planBuild() knows the arguments of BuildKit"],
  "comments that describe stages and arguments": ["dockerfile/checks/rules", "InvalidDefinitionDescription"],
  "the rules of --check": ["dockerfile/checks/rules", "the table has all 22 rules"],
  "secrets that authorize ADD": ["e2e/source-secrets", "secrets authorize downloads of their host"],
  "VOLUME keeps later changes": ["semantics/built", "rule 22"],
  ".dockerignore, <Dockerfile>.dockerignore, .containerignore": [
    "context/local",
    "the ignore file of the Dockerfile wins",
  ],
  "Dockerfile, dockerfile, Containerfile": ["planning/dockerfile-source", "in this order"],
};

for (const [name, [file, title]] of Object.entries(ELSEWHERE)) {
  test(`the language has ${name}: ${file}.test.ts shows it`, () => {
    const path = join(projectRoot, "test", `${file}.test.ts`);
    assert.ok(existsSync(path), path);
    assert.ok(readFileSync(path, "utf8").includes(title), `${path} has no ${title}`);
  });
}
