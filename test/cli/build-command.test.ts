import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { BuildOptions } from "../../builder/api/types.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { cli, DIGEST, fakeIo, IMAGE_ID, recordingBuild } from "./rig.ts";

const folder = mkdtempSync(join(tmpdir(), "tsbuild-"));
after(() => rmSync(folder, { recursive: true }));

/** What a command line asks the builder for, less what every build has. */
async function asked(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<object> {
  const { asked, parts } = recordingBuild();
  const { status, stderr } = await cli([...argv, "."], parts, fakeIo({ env }));
  assert.equal(status, 0, stderr);
  const [
    { signal, emit, buildArgs, labels, contexts, ssh, ...rest } = { signal: undefined, emit: undefined },
  ] = asked;
  assert.ok(signal instanceof AbortSignal);
  assert.equal(typeof emit, "function");
  return {
    ...rest,
    buildArgs: { ...buildArgs },
    labels: { ...labels },
    contexts: { ...contexts },
    ssh: { ...ssh },
  };
}

const DEFAULTS = {
  context: ".",
  tags: [],
  buildArgs: {},
  labels: {},
  contexts: {},
  secrets: [],
  ssh: {},
  noCache: false,
  pull: "missing",
  push: false,
  outputs: [],
};

test("build asks for what its flags say", async () => {
  const env = { FROM_ENV: "e", EMPTY: "" };
  writeFileSync(join(folder, "args"), "# comment\nA=1\n\nFROM_ENV\nB=x y=z\n");
  const table: readonly (readonly [line: string, options: object])[] = [
    ["", {}],
    ["-t a -t b:1", { tags: ["a", "b:1"] }],
    ["-f other", { dockerfile: "other" }],
    ["-f -", { dockerfile: "-" }],
    ["--target test", { target: "test" }],
    ["--build-arg A=1 --build-arg B=x=y --build-arg A=2", { buildArgs: { A: "2", B: "x=y" } }],
    ["--build-arg FROM_ENV --build-arg EMPTY --build-arg UNSET", { buildArgs: { FROM_ENV: "e", EMPTY: "" } }],
    [`--build-arg-file ${folder}/args --build-arg A=2`, { buildArgs: { A: "2", FROM_ENV: "e", B: "x y=z" } }],
    [
      "--cache-from app:main --cache-from type=local,src=d --cache-to type=inline",
      {
        cacheFrom: [
          { type: "registry", ref: "app:main" },
          { type: "local", src: "d", tag: "latest" },
        ],
        cacheTo: [{ type: "inline" }],
      },
    ],
    [
      "--build-arg BUILDKIT_INLINE_CACHE=1",
      { buildArgs: { BUILDKIT_INLINE_CACHE: "1" }, cacheFrom: [], cacheTo: [{ type: "inline" }] },
    ],
    ["--build-arg BUILDKIT_INLINE_CACHE=0", { buildArgs: { BUILDKIT_INLINE_CACHE: "0" } }],
    [
      "--cache-to type=registry,ref=app:c,mode=max,oci-mediatypes=true,image-manifest=true --cache-to type=local,dest=d,reset=true,compression=zstd,compression-level=9,force-compression=true,ignore-error=false",
      {
        cacheFrom: [],
        cacheTo: [
          { type: "registry", ref: "app:c", mode: "max", force: false, ignoreError: true },
          {
            type: "local",
            dest: "d",
            tag: "latest",
            reset: true,
            mode: "min",
            compression: "zstd",
            level: 9,
            force: true,
            ignoreError: false,
          },
        ],
      },
    ],
    ["--label a=b --label c", { labels: { a: "b", c: "" } }],
    ["--build-context b=oci-layout:///x=y", { contexts: { b: "oci-layout:///x=y" } }],
    [
      "--secret id=a,src=f --secret id=b,env=E",
      {
        secrets: [
          { id: "a", file: "f" },
          { id: "b", env: "E" },
        ],
      },
    ],
    [
      "--secret id=FROM_ENV --secret id=file",
      {
        secrets: [
          { id: "FROM_ENV", env: "FROM_ENV" },
          { id: "file", file: "file" },
        ],
      },
    ],
    ["--ssh default --ssh a=/s", { ssh: { default: "", a: "/s" } }],
    ["--no-cache", { noCache: true }],
    ["--pull", { pull: "always" }],
    ["--pull=true", { pull: "always" }],
    ["--pull=false", { pull: "missing" }],
    ["--pull=newer", { pull: "newer" }],
    ["--platform linux/arm64/v8", { platforms: [{ os: "linux", architecture: "arm64" }] }],
    [
      "--platform amd64,arm/v7 --platform linux/amd64",
      {
        platforms: [
          { os: "linux", architecture: "amd64" },
          { os: "linux", architecture: "arm", variant: "v7" },
        ],
      },
    ],
    ["-t a --push", { tags: ["a"], push: true }],
    [
      "-o out -o -",
      {
        outputs: [
          { type: "local", dest: "out", clear: false },
          { type: "tar", dest: "-" },
        ],
      },
    ],
    ["--annotation a=b", { annotations: [{ level: "manifest", key: "a", value: "b" }] }],
  ];
  for (const [line, options] of table) {
    assert.deepEqual(await asked(line === "" ? [] : line.split(" "), env), { ...DEFAULTS, ...options }, line);
  }
});

test("build takes names that objects have of their own for plain names", async () => {
  const { asked, parts } = recordingBuild();
  await cli(["--build-arg", "__proto__=x", "--label", "constructor=y", "."], parts);
  assert.deepEqual(Object.entries(asked[0]?.buildArgs ?? {}), [["__proto__", "x"]]);
  assert.equal(Object.getPrototypeOf(asked[0]?.labels), null);
});

test("build says what it cannot do before it opens the store", async () => {
  const table: readonly (readonly [line: string, status: number, message: RegExp])[] = [
    ["", 2, /PATH is missing\nhint: usage: tsbuild \[build\] \[OPTIONS\] PATH/],
    [". --platform a/b/c/d", 1, /Cannot use platform/],
    [". --pull=allways", 2, /none of always.*\nhint: did you mean "always"/],
    [". --progress=fancy", 2, /none of auto/],
    [". --check --print=ast", 2, /--print with --check/],
    [". --call=chekc", 2, /did you mean "check"/],
    [". --call=check,fromat=json", 2, /did you mean "format"/],
    [". --print=grahp", 2, /did you mean "graph"/],
    [". --progress=tty", 2, /standard error is not a terminal/],
    [". --push", 2, /the image has no name\nhint: name it with -t/],
    [". --build-arg =x", 2, /the name is missing/],
    [". --build-arg-file /nowhere/at/all", 2, /Cannot read --build-arg-file .*: no such file or directory\n/],
    [". --build-context b", 2, /it is not NAME=SOURCE/],
    [". --label =x", 2, /the name is missing/],
    [". --secret src=a", 2, /the id is missing/],
    [". --secret id=a,src=b,env=c", 2, /a file and a variable/],
    [". --secret id=a,scr=b", 2, /it has no option "scr"\nhint: did you mean "src"/],
    [". --ssh =x", 2, /the id is missing/],
    [". --squash", 1, /Cannot use --squash: tsbuild build does not support it yet/],
    [". --cache-to type=gha", 1, /no cache of type gha\nhint: use type=registry, or .* tsbuild cache save/],
    [". --cache-to type=registry,rf=x", 2, /"rf" is not known\nhint: did you mean "ref"/],
    [". --cache-to type=registry,mode=max", 2, /ref is missing\nhint: write type=registry,ref=NAME/],
    [". --cache-to type=local,dest=x,mode=mox", 2, /"mox" is none of min, max\nhint: did you mean "max"/],
    [". --cache-to type=local,dest=x,compression=estargz", 1, /Cannot compress with estargz/],
    [". --cache-to type=local,dest=x,compression-level=30", 2, /no level of gzip/],
    [". --cache-to type=local,dest=x,image-manifest=false", 1, /always an OCI image manifest/],
    [". --cache-to type=local,dest=x,image-manifest=false", 1, /always an OCI image manifest/],
    [". --cache-to type=inline,mode=max", 2, /"mode" is not known/],
    [
      ". --cache-from type=locl,src=x",
      2,
      /type "locl" is none of registry, local\nhint: did you mean "local"/,
    ],
    [". --cache-from ref=x", 2, /type is missing/],
    [". --cache-from Wrong", 1, /Wrong/],
    [". -o type=oci,dst=x", 2, /"dst" is not known\nhint: did you mean "dest"/],
    [". -o type=oci -o -", 2, /two results to standard output/],
    [". -o out --annotation a=b", 2, /no output writes an image that it could be on/],
    [". -q -o -", 2, /both go to standard output/],
  ];
  for (const [line, status, message] of table) {
    const outcome = await cli(["build", ...(line === "" ? [] : line.split(" "))]);
    assert.match(outcome.stderr, message, line);
    assert.equal(outcome.status, status, line);
    assert.equal(outcome.stdout, "");
  }
});

test("build writes no archive to a terminal", async () => {
  const { status, stderr } = await cli(["-o", "-", "."], {}, fakeIo({ tty: ["stdout"] }));
  assert.equal(status, 2);
  assert.match(stderr, /it is a terminal\nhint: redirect it/);
});

test("build leaves files for scripts to read", async () => {
  const iidfile = join(folder, "iid");
  const metadata = join(folder, "metadata.json");
  const { parts } = recordingBuild();
  await cli(["--iidfile", iidfile, "--metadata-file", metadata, "-t", "a", "-t", "b", "."], parts);
  assert.equal(readFileSync(iidfile, "utf8"), IMAGE_ID);
  assert.deepEqual(JSON.parse(readFileSync(metadata, "utf8")), {
    "containerimage.config.digest": IMAGE_ID,
    "containerimage.digest": DIGEST,
    "image.name": "docker.io/library/a:latest,docker.io/library/b:latest",
  });
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith(".tmp")),
    [],
  );
});

test("build that fails leaves its exit code, and no image id of an earlier one", async () => {
  const iidfile = join(folder, "old-iid");
  const metadata = join(folder, "failed.json");
  writeFileSync(iidfile, "sha256:old");
  const error = new TsbuildError("RUN_FAILED", "Cannot run make: exit code 2", { exitCode: 2 });
  const { status } = await cli(["--iidfile", iidfile, "--metadata-file", metadata, "."], {
    build: () => Promise.reject(error),
  });
  assert.equal(status, 1);
  assert.equal(existsSync(iidfile), false);
  assert.deepEqual(JSON.parse(readFileSync(metadata, "utf8")), {
    "tsbuild.error": { code: "RUN_FAILED", message: "Cannot run make: exit code 2", exitCode: 2 },
  });
});

test("build says where it cannot write its files", async () => {
  const { parts } = recordingBuild();
  const { status, stderr } = await cli(["--metadata-file", join(folder, "no/such/folder"), "."], parts);
  assert.equal(status, 2);
  assert.match(stderr, /Cannot write --metadata-file .*: there is no directory/);
});

test("build understands the flags of kaniko", async () => {
  mkdirSync(join(folder, "sub"));
  writeFileSync(join(folder, "sub/Kanikofile"), "FROM scratch");
  const { asked: requests, parts } = recordingBuild();
  const digestFile = join(folder, "digest");
  const line = [
    `--context dir://${folder}/sub --dockerfile Kanikofile --destination r.test/a:1 --destination r.test/b`,
    `--cache-repo r.test/cache --digest-file ${digestFile}`,
  ];
  const { status, stderr } = await cli(line.join(" ").split(" "), parts);
  assert.equal(status, 0, stderr);
  const [asked] = requests;
  assert.deepEqual(
    [asked?.context, asked?.dockerfile, asked?.tags, asked?.push],
    [`${folder}/sub`, `${folder}/sub/Kanikofile`, ["r.test/a:1", "r.test/b"], true],
  );
  assert.deepEqual(asked?.cacheFrom, [{ type: "registry", ref: "r.test/cache" }]);
  assert.match(JSON.stringify(asked?.cacheTo), /"max"/);
  assert.equal(readFileSync(digestFile, "utf8"), DIGEST);
});

test("build says what is wrong with flags of kaniko", async () => {
  const table: readonly (readonly [line: string, message: RegExp])[] = [
    ["", /PATH is missing/],
    ["--context a b", /Cannot take "b": --context says what to build/],
    ["--context s3://bucket/x", /does not read s3:/],
    ["--context tar://x.tar", /tsbuild - <FILE/],
    ["--dockerfile a -f b .", /they are the same/],
    ["--snapshot-mode=redo .", /Cannot use --snapshot-mode[^]*leave it out/],
    ["--cache .", /the cache is always there/],
  ];
  for (const [line, message] of table) {
    const { status, stderr } = await cli(line === "" ? ["build"] : line.split(" "));
    assert.notEqual(status, 0, line);
    assert.match(stderr, message, line);
  }
});

test("--no-push keeps the destinations as names", async () => {
  const { tags, push } = (await asked(["--destination", "a", "--no-push"])) as BuildOptions;
  assert.deepEqual([tags, push], [["a"], false]);
});
