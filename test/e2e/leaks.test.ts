import assert from "node:assert/strict";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig } from "../support/rig.ts";

const TOKEN = `ghp_${"a1B2".repeat(9)}`;

const DOCKERFILE = `FROM base
COPY . /app/
RUN --mount=type=secret,id=npm read t </run/secrets/npm; echo "token is $t" >/root.txt
LABEL source=https://me:hunter22@git.test/app
ENV HARMLESS=1
`;
const FILES = {
  Dockerfile: DOCKERFILE,
  "src/settings.json": `{\n  "a": 1,\n  "token": "${TOKEN}"\n}\n`,
  "deploy.key": "-----BEGIN OPENSSH PRIVATE KEY-----\n",
  ".git/HEAD": "ref: refs/heads/main\n",
  ".env": "A=1\n",
  "big.bin": `${"x".repeat(300_000)} ${TOKEN}`,
} as const;

test("a build warns of secrets that it put into the image, and of what usually is no part of one", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context(FILES);
  const env = { NPM: "s3cr3t-of-npm" };
  const build = async (...flags: string[]): ReturnType<typeof rig.tsbuild> =>
    rig.tsbuild(["build", ...base, "-t", "app", "--secret", "id=npm,env=NPM", ...flags, context], { env });

  const built = await build();
  assert.equal(built.status, 0, built.stderr);
  for (const line of [
    "WARNING: /app/src/settings.json:3 has a GitHub token; [stage-0 2/3] COPY . /app/ put it into the image",
    "WARNING: /app/deploy.key:1 has a private key; [stage-0 2/3] COPY . /app/ put it into the image",
    "WARNING: [stage-0 2/3] COPY . /app/ copies /app/.git: it is the repository's whole history",
    "WARNING: [stage-0 2/3] COPY . /app/ copies /app/.env: it usually holds passwords",
    "WARNING: /root.txt has the value of --secret npm; [stage-0 3/3] RUN",
    "WARNING: LABEL source has a password in an address: whoever gets the image can read it",
  ])
    assert.ok(built.stderr.includes(line), `${line}\n${built.stderr}`);
  assert.doesNotMatch(built.stderr, /s3cr3t-of-npm|hunter22|HARMLESS/);
  assert.ok(!built.stderr.includes(TOKEN), "what was found is not said");
  assert.doesNotMatch(
    (await build()).stderr,
    /settings\.json/,
    "layers that were there already are not read again",
  );

  const refused = await build("--fail-on-secrets", "-t", "other");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /\/app\/big\.bin:1 has a GitHub token/, "every file is read");
  assert.match(
    refused.stderr,
    /error: Cannot finish the build: .* \(and 4 more\)\nhint: nothing was written or pushed/,
  );
  assert.doesNotMatch((await rig.tsbuild(["images"])).stdout, /other/);
});

test("a secret that cannot be read ends a build before anything runs", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: "FROM base\nRUN echo ran\n" });
  const secret = ["--secret", "id=npm,src=nowhere"];
  const { status, stderr } = await rig.tsbuild(["build", ...base, "-t", "app", ...secret, context]);
  assert.equal(status, 2);
  assert.match(stderr, /Cannot use secret "npm": there is no file "nowhere"/);
  assert.doesNotMatch(stderr, /RUN/);
  assert.equal((await rig.tsbuild(["images", "-q"])).stdout, "");
});

test("a build without secrets warns of none, with --fail-on-secrets too", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({
    Dockerfile: "FROM base\nCOPY a.json /\nRUN echo hello >/f\n",
    "a.json": "{}",
  });
  const { status, stderr } = await rig.tsbuild(["build", ...base, "--fail-on-secrets", context]);
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /WARNING/);
});
