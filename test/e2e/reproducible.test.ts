import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { ordinaryUser } from "../support/ordinary-user.ts";
import { openRig, type Rig } from "../support/rig.ts";

const FILES = {
  Dockerfile: `FROM base AS build
WORKDIR /src
COPY . .
RUN node -e 'fs.mkdirSync("/out/deep", { recursive: true }); fs.copyFileSync("/src/bin/run.sh", "/out/deep/run.sh"); fs.writeFileSync("/out/made", "made")'
FROM base
ARG SOURCE_DATE_EPOCH
ENV BUILT_AT=$SOURCE_DATE_EPOCH
COPY --from=build /out /out
COPY --chown=1000:1000 src /app
COPY <<EOF /etc/motd
hello
EOF
RUN node -e 'fs.mkdirSync("/app/work"); fs.chownSync("/app/work", 1000, 1000)'
USER node
WORKDIR /app/work
RUN node -e 'fs.writeFileSync("here", "by an ordinary user")'
`,
  "bin/run.sh": "#!/bin/sh\n",
  "src/index.js": "console.log(1)\n",
  "src/deep/er/data.json": "{}\n",
};
const COMMIT = 1_700_000_000;

function git(directory: string, args: readonly string[], umask = "022"): void {
  const date = `${COMMIT} +0000`;
  const settings = ["user.name=a", "user.email=a@example.org", "init.defaultBranch=main"];
  const flags = ["-C", directory, ...settings.flatMap((setting) => ["-c", setting]), ...args];
  execFileSync("sh", ["-c", `umask ${umask}; exec git "$@"`, "git", ...flags], {
    env: {
      PATH: process.env["PATH"],
      HOME: directory,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
      GIT_CONFIG_GLOBAL: "/dev/null",
    },
    stdio: "pipe",
  });
}

/** Two checkouts of one commit, with other umasks and other times. */
function checkouts(rig: Rig): readonly [string, string] {
  const origin = rig.context(FILES, "origin");
  execFileSync("chmod", ["755", join(origin, "bin/run.sh")]);
  git(origin, ["init", "-q"]);
  git(origin, ["add", "."]);
  git(origin, ["commit", "-q", "-m", "first"]);
  git(rig.directory, ["clone", "-q", "origin", "one"], "022");
  git(rig.directory, ["clone", "-q", "origin", "two"], "077");
  for (const name of Object.keys(FILES)) utimesSync(rig.path("two", name), 1_000_000_000, 1_000_000_000);
  return [rig.path("one"), rig.path("two")];
}

async function digestOf(rig: Rig, args: readonly string[], env: Record<string, string>): Promise<string> {
  const metadata = rig.path("metadata.json");
  const { status, stderr } = await rig.tsbuild(
    ["build", "--progress=plain", "--metadata-file", metadata, ...args],
    { env },
  );
  assert.equal(status, 0, stderr);
  return digestIn(metadata);
}

function digestIn(metadata: string): string {
  const made = JSON.parse(readFileSync(metadata, "utf8")) as Record<string, string>;
  return made["containerimage.digest"] ?? "";
}

test("with SOURCE_DATE_EPOCH two stores, two users and two checkouts give one digest", async (t) => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const [one, two] = checkouts(rig);
  const epoch = { SOURCE_DATE_EPOCH: String(COMMIT) };
  const expected = await digestOf(rig, [...base, one], epoch);
  const otherStore = { TSBUILD_ROOT: rig.path("other-store") };

  await t.test("another store", async () => {
    assert.equal(await digestOf(rig, [...base, one], { ...epoch, ...otherStore }), expected);
  });
  await t.test("another checkout, from the cache and without it", async () => {
    assert.equal(await digestOf(rig, [...base, two], epoch), expected);
    assert.equal(await digestOf(rig, ["--no-cache", ...base, two], { ...epoch, ...otherStore }), expected);
  });
  await t.test("--build-arg over the environment, and context instead of a number", async () => {
    const number = ["--build-arg", `SOURCE_DATE_EPOCH=${COMMIT}`];
    assert.equal(await digestOf(rig, [...number, ...base, two], { SOURCE_DATE_EPOCH: "5" }), expected);
    const context = ["--build-arg", "SOURCE_DATE_EPOCH=context"];
    assert.equal(await digestOf(rig, [...context, ...base, one], {}), expected);
  });
  await t.test("another time is another image, and without one each build has its own", async () => {
    assert.notEqual(await digestOf(rig, [...base, one], { SOURCE_DATE_EPOCH: "1600000000" }), expected);
    assert.notEqual(await digestOf(rig, [...base, one], {}), expected);
  });
  await t.test("the image is of that time, and every file of a tar", async () => {
    await digestOf(rig, ["-t", "dated", ...base, one], epoch);
    const inspected = await rig.tsbuild(["inspect", "dated"]);
    const [image] = JSON.parse(inspected.stdout) as { Created: string }[];
    assert.equal(image?.Created, new Date(COMMIT * 1000).toISOString());
    const tar = rig.path("root.tar");
    const { status, stderr } = await rig.tsbuild(["build", "-o", `type=tar,dest=${tar}`, ...base, one], {
      env: epoch,
    });
    assert.equal(status, 0, stderr);
    const listing = execFileSync("tar", ["--full-time", "-tvf", tar], {
      encoding: "utf8",
      env: { ...process.env, TZ: "UTC" },
    });
    const times = listing.match(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g);
    assert.deepEqual([...new Set(times)], ["2023-11-14 22:13:20"]);
  });
  await t.test("root and a user with subordinate ids", (t) => {
    const user = ordinaryUser();
    if ("missing" in user) return t.skip(user.missing);
    const own = user.directory("reproducible");
    cpSync(rig.path("base"), join(own, "base"), { recursive: true });
    cpSync(two, join(own, "two"), { recursive: true });
    execFileSync("chown", ["-R", `${user.uid}:${user.gid}`, own]);
    const flags = ["--metadata-file", join(own, "metadata.json")];
    const named = ["--build-context", `base=oci-layout://${own}/base`];
    const { status, output } = user.tsbuild(
      ["build", "--progress=plain", ...flags, ...named, join(own, "two")],
      { HOME: own, TSBUILD_ROOT: join(own, "store"), ...epoch },
    );
    assert.equal(status, 0, output);
    assert.equal(digestIn(join(own, "metadata.json")), expected);
  });
});

test("what git does not track keeps its mode, and a directory without a commit has no time", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const [one] = checkouts(rig);
  const modes = `for (const f of ["secret", "index.js"]) console.log(f, (fs.statSync("/src/" + f).mode & 0o777).toString(8))`;
  rig.context(
    { "src/secret": "s\n", Dockerfile: `FROM base\nCOPY src /src\nRUN node -e '${modes}'\n` },
    "one",
  );
  execFileSync("chmod", ["600", join(one, "src/secret"), join(one, "src/index.js")]);
  const build = (context: string) =>
    rig.tsbuild(["build", "--progress=plain", "--build-arg", "SOURCE_DATE_EPOCH=context", ...base, context]);
  const tracked = await build(one);
  assert.match(tracked.stderr, /secret 600\n[^]*index\.js 644\n/);
  const plain = await build(rig.context({ Dockerfile: "FROM base\n" }, "plain"));
  assert.equal(plain.status, 0, plain.stderr);
  assert.match(plain.stderr, /SOURCE_DATE_EPOCH stays unset: .* is in no git repository/);
});

test("rewrite-timestamp is what SOURCE_DATE_EPOCH does anyway, and a warning without it", async () => {
  await using rig = openRig();
  const context = rig.context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
  const output = `type=oci,tar=false,dest=${rig.path("layout")},compression=uncompressed,rewrite-timestamp=true`;
  const plain = await rig.tsbuild(["build", "--progress=plain", "-o", output, context]);
  assert.equal(plain.status, 0, plain.stderr);
  assert.match(plain.stderr, /WARNING: rewrite-timestamp has no effect: SOURCE_DATE_EPOCH is not set/);
  const dated = await rig.tsbuild(
    ["build", "--progress=plain", "-o", output, "--metadata-file", rig.path("meta"), context],
    { env: { SOURCE_DATE_EPOCH: "1000000000", TZ: "UTC" } },
  );
  assert.doesNotMatch(dated.stderr, /WARNING/);
  const blob = (digest: string): string => rig.path("layout/blobs/sha256", digest.slice("sha256:".length));
  const meta = JSON.parse(readFileSync(rig.path("meta"), "utf8")) as Record<string, string>;
  const manifest = JSON.parse(readFileSync(blob(meta["containerimage.digest"] ?? ""), "utf8")) as {
    layers: { digest: string }[];
  };
  const tar = execFileSync("tar", ["--utc", "-tvf", blob(manifest.layers[0]?.digest ?? "")]);
  assert.match(tar.toString(), /2001-09-09 01:46 Dockerfile/);
});
