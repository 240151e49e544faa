import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import { startDockerRegistry, withoutDockerRegistry } from "../support/docker-registry.ts";
import { arm64Whoami, tsbuildEmulated, withoutEmulation } from "../support/foreign-programs.ts";
import { openRig, type Rig } from "../support/rig.ts";

const BASE = "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /\n";
const APP = `FROM --platform=$BUILDPLATFORM base AS tools
RUN ["/whoami", "/tools"]
FROM tools AS cross
ARG TARGETARCH
RUN ["/whoami", "/cross"]
FROM base
RUN ["/whoami", "/machine"]
COPY --from=cross /cross /cross
COPY --from=tools /tools /tools
ENTRYPOINT ["/whoami"]
CMD ["/again"]
`;
const BOTH = "--platform=linux/amd64,linux/arm64/v8";

/** An image "base" for both platforms, each with a program that says what it runs on. */
async function makeBase(rig: Rig): Promise<void> {
  const context = rig.context({ Dockerfile: BASE }, "base");
  for (const folder of ["amd64/bin", "arm64"]) mkdirSync(rig.path("base", folder), { recursive: true });
  copyFileSync("/bin/busybox", rig.path("base/amd64/bin/busybox"));
  writeFileSync(
    rig.path("base/amd64/whoami"),
    "#!/bin/busybox sh\n/bin/busybox uname -m | /bin/busybox tee $1\n",
  );
  writeFileSync(rig.path("base/arm64/whoami"), arm64Whoami());
  for (const arch of ["amd64", "arm64"]) chmodSync(rig.path("base", arch, "whoami"), 0o755);
  const { status, stderr } = await rig.tsbuild(["-t", "base", BOTH, context]);
  assert.equal(status, 0, stderr);
}

/** The last line that a command prints. */
async function ok(rig: Rig, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await rig.tsbuild(args);
  assert.equal(status, 0, stderr);
  return stdout.trim().split("\n").at(-1) ?? "";
}

function platformsOf(raw: string): readonly string[] {
  const { manifests } = JSON.parse(raw) as {
    manifests: { platform: { os: string; architecture: string } }[];
  };
  return manifests.map(({ platform }) => `${platform.os}/${platform.architecture}`);
}

const skip = withoutEmulation() ?? withoutDockerRegistry() ?? false;

test(
  "a build for two platforms runs foreign steps in an emulator, shared ones once, and makes an index",
  { skip },
  async () => {
    await using rig = openRig();
    await using registry = await startDockerRegistry();
    await makeBase(rig);
    const context = rig.context({ Dockerfile: APP });
    const name = `${registry.host}/app:1`;
    const args = ["--progress=plain", BOTH, "-t", name, context];

    const refused = await rig.tsbuild(args);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /Cannot run steps for linux\/arm64: this machine is linux\/amd64/);
    assert.match(refused.stderr, /^hint: run as root: .*binfmt_misc/m);
    assert.match(refused.stderr, /^ *7 \| >>> RUN /m);
    assert.doesNotMatch(refused.stderr, /^#\d/m);

    const { status, stderr } = tsbuildEmulated(rig, "F", ["-o", "type=image,push=true", ...args]);
    assert.equal(status, 0, stderr);
    // A step that goes on after another has spoken is named again, with its number.
    const named = new Map(
      [...stderr.matchAll(/^(#\d+) (\[.*\] RUN .*)$/gm)].map(([, id, step]) => [id, step]),
    );
    assert.deepEqual([...named.values()].toSorted(), [
      '[linux/amd64 cross 1/1] RUN ["/whoami", "/cross"]',
      '[linux/amd64 stage-2 2/4] RUN ["/whoami", "/machine"]',
      '[linux/amd64 tools 2/2] RUN ["/whoami", "/tools"]',
      '[linux/amd64->arm64 cross 1/1] RUN ["/whoami", "/cross"]',
      '[linux/arm64 stage-2 2/4] RUN ["/whoami", "/machine"]',
    ]);
    const raw = execFileSync("skopeo", ["inspect", "--tls-verify=false", "--raw", `docker://${name}`], {
      encoding: "utf8",
    });
    assert.deepEqual(platformsOf(raw), ["linux/amd64", "linux/arm64"]);

    const metadata = rig.path("metadata.json");
    const again = await rig.tsbuild(["--metadata-file", metadata, "-o", rig.path("out"), "--push", ...args]);
    assert.equal(again.status, 0, again.stderr);
    assert.match(again.stderr, /: 0 steps run, 9 cached$/m);
    assert.doesNotMatch(again.stderr, /Warning/);
    for (const [folder, machine] of [
      ["linux_amd64", "x86_64"],
      ["linux_arm64", "aarch64"],
    ] as const) {
      const read = (file: string): string => readFileSync(rig.path("out", folder, file), "utf8").trim();
      assert.deepEqual([read("machine"), read("cross"), read("tools")], [machine, "x86_64", "x86_64"]);
    }
    const { "containerimage.digest": digest } = JSON.parse(readFileSync(metadata, "utf8")) as Record<
      string,
      string
    >;
    assert.equal(digest, sha256(raw));
    const inspected = await rig.tsbuild(["inspect", "--platform=arm64", name]);
    const [details] = JSON.parse(inspected.stdout) as { Architecture: string }[];
    assert.equal(details?.Architecture, "arm64");

    const run = (...flags: string[]): string =>
      tsbuildEmulated(rig, "", ["run", "--rm", ...flags, name]).stdout.trim();
    assert.deepEqual([run(), run("--platform=arm64")], ["x86_64", "aarch64"]);
  },
);

test(
  "an index that was pulled for one platform is completed for another, and pushed as a whole",
  { skip: withoutDockerRegistry() ?? false },
  async () => {
    await using rig = openRig();
    await using other = openRig();
    await using registry = await startDockerRegistry();
    const name = `${registry.host}/app`;
    const context = rig.context({
      Dockerfile: "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /file\n",
      amd64: "a",
      arm64: "b",
    });
    await ok(rig, "-t", name, BOTH, "--push", context);
    const digest = await ok(other, "pull", "--platform=linux/arm64", name);
    assert.equal(await ok(other, "pull", name), digest);
    assert.equal(await ok(other, "tag", name, `${registry.host}/copy`), "");
    assert.equal(await ok(other, "push", `${registry.host}/copy`), digest);
    const raw = execFileSync("skopeo", ["inspect", "--raw", `oci:${other.store}:${name}`], {
      encoding: "utf8",
    });
    assert.deepEqual(platformsOf(raw), ["linux/amd64", "linux/arm64"]);
    const docker = await other.tsbuild([BOTH, "-o", "type=docker,dest=app.tar", context]);
    assert.match(
      docker.stderr,
      /Cannot write a docker archive: it takes an image for one platform, and there are 2/,
    );
    assert.equal(await ok(other, "store", "check"), "The store is in order");
  },
);
