import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type ManifestDocument,
  containersTool,
  layoutDocument,
  PODMAN_RUN,
  startDocker,
  withoutTools,
} from "../support/other-builders.ts";
import { openRig, type Rig } from "../support/rig.ts";

const BUSYBOX = ["/bin/busybox", "/usr/bin/busybox"].find((path) => existsSync(path));
const missing =
  withoutTools("podman", "buildah", "skopeo", "dockerd", "runc") ??
  (BUSYBOX === undefined ? "busybox is not installed" : undefined);
const skip = missing === undefined ? {} : { skip: missing };

/** One image for all of it, in every form that is asked for. */
async function build(rig: Rig, ...flags: string[]): Promise<string> {
  const context = rig.context({
    Dockerfile: `FROM scratch
COPY busybox /bin/busybox
COPY --chmod=4711 file /d/file
CMD ["/bin/busybox", "echo", "from the image"]
`,
    file: "content\n",
  });
  copyFileSync(BUSYBOX ?? "", join(context, "busybox"));
  const { status, stdout, stderr } = await rig.tsbuild(["build", "-q", "-t", "app:1", ...flags, context]);
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

async function tsbuild(rig: Rig, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await rig.tsbuild(args);
  assert.equal(status, 0, stderr);
  return stdout;
}

test("other tools take what tsbuild writes", skip, async (t) => {
  await using rig = openRig();
  const outputs = [
    "type=image",
    `type=docker,dest=${rig.path("docker.tar")}`,
    `type=docker,dest=${rig.path("schema2.tar")},oci-mediatypes=false,compression=gzip,compression-level=1`,
    `type=oci,dest=${rig.path("oci.tar")}`,
    `type=oci,dest=${rig.path("zstd.tar")},compression=zstd`,
    `type=oci,dest=${rig.path("layout")},tar=false,oci-mediatypes=false`,
  ].flatMap((output) => ["-o", output]);
  const id = await build(rig, ...outputs, "--annotation", "manifest,manifest-descriptor:org.example=yes");
  await tsbuild(rig, "save", "-o", rig.path("saved.tar"), "app:1");
  await tsbuild(
    rig,
    "copy",
    "--compression=zstd",
    "store:app:1",
    `oci-archive:${rig.path("copied.tar")}:app:1`,
  );
  await tsbuild(rig, "copy", "--format=docker", "store:app:1", `dir:${rig.path("dir")}`);

  const several = ["--platform=linux/amd64,linux/arm64", "--platform", "linux/s390x"];
  const context = rig.context(
    { Dockerfile: "FROM scratch\nARG TARGETARCH\nCOPY file /$TARGETARCH\n", file: "" },
    "s",
  );
  await tsbuild(rig, "build", "-q", "-t", "several:1", ...several, context);
  await tsbuild(rig, "save", "-o", rig.path("several.tar"), several[0] ?? "", "several:1");

  await t.test("skopeo and tsbuild take both images of an archive of two platforms", async () => {
    const archive = `oci-archive:${rig.path("several.tar")}`;
    const raw = execFileSync("skopeo", ["inspect", "--raw", archive]);
    const { manifests } = JSON.parse(raw.toString()) as {
      manifests: { platform: { architecture: string } }[];
    };
    assert.deepEqual(
      manifests.map(({ platform }) => platform.architecture),
      ["amd64", "arm64"],
    );
    assert.match(
      execFileSync("skopeo", ["inspect", "--override-arch=arm64", "--config", archive]).toString(),
      /"architecture": "arm64"/,
    );
    await tsbuild(rig, "rmi", "several:1");
    assert.equal(await tsbuild(rig, "load", "-i", rig.path("several.tar")), "Loaded image: several:1\n");
    await tsbuild(rig, "save", "--format", "oci", "-o", rig.path("again.tar"), "several:1");
    const again = execFileSync("skopeo", ["inspect", "--raw", `oci-archive:${rig.path("again.tar")}`]);
    assert.ok(again.equals(raw));
    const two = await rig.tsbuild(["save", "--format=docker", several[0] ?? "", "-o", "x", "several:1"]);
    assert.match(two.stderr, /Cannot save several platforms to a docker archive: it takes one of each image/);
    assert.equal(two.status, 2);
    const one = await rig.tsbuild(["save", several[0] ?? "", "-o", rig.path("x"), "app:1"]);
    assert.match(
      one.stderr,
      /Cannot find image "app:1" for linux\/amd64, linux\/arm64: the store has it for one platform/,
    );
  });

  await t.test("skopeo sees formats, compressions and annotations", async () => {
    const raw = execFileSync("skopeo", ["inspect", "--raw", `oci-archive:${rig.path("zstd.tar")}`]);
    const zstd = JSON.parse(raw.toString()) as ManifestDocument & { annotations: object };
    assert.deepEqual(zstd.annotations, { "org.example": "yes" });
    assert.match(zstd.layers[0]?.mediaType ?? "", /tar\+zstd$/);
    const index = JSON.parse(readFileSync(rig.path("layout/index.json"), "utf8")) as {
      manifests: { annotations: Record<string, string>; digest: string }[];
    };
    assert.equal(index.manifests[0]?.annotations["org.example"], "yes");
    // skopeo finds no manifest of docker's type in a layout, whoever wrote it.
    const schema2 = layoutDocument(rig.path("layout"), index.manifests[0]?.digest ?? "");
    assert.equal(schema2.mediaType, "application/vnd.docker.distribution.manifest.v2+json");
    assert.match(schema2.layers[0]?.mediaType ?? "", /rootfs\.diff\.tar\.gzip$/);
  });

  await t.test("podman loads and runs all of them, and what copy made", async () => {
    const podman = containersTool("podman", rig.directory);
    const pulled = podman("pull", "-q", `dir:${rig.path("dir")}`).trim();
    assert.equal(pulled, id.slice(7));
    podman("rmi", "-f", pulled);
    podman("load", "-q", "-i", rig.path("several.tar"));
    podman("rmi", "-f", "several:1");
    for (const name of ["docker.tar", "schema2.tar", "oci.tar", "zstd.tar", "saved.tar", "copied.tar"]) {
      podman("load", "-q", "-i", rig.path(name));
      assert.equal(podman("image", "inspect", "--format", "{{.Id}}", "app:1").trim(), id.slice(7), name);
      if (["zstd.tar", "docker.tar", "copied.tar"].includes(name))
        assert.equal(podman(...PODMAN_RUN, "app:1"), "from the image\n", name);
      podman("rmi", "-f", "app:1");
    }
  });

  await t.test("docker loads and runs what is for it, and tsbuild takes it back", async (t) => {
    const daemon = await startDocker(rig.directory);
    if (typeof daemon === "string") return t.skip(daemon);
    await using running = daemon;
    const { docker } = running;
    for (const name of ["docker.tar", "schema2.tar", "saved.tar"]) {
      docker("load", "-q", "-i", rig.path(name));
      assert.equal(docker("image", "inspect", "--format", "{{.Id}}", "app:1").trim(), id, name);
    }
    assert.equal(docker("run", "--rm", "--network=none", "app:1"), "from the image\n");
    docker("rmi", "-f", "app:1");
    docker("load", "-q", "-i", rig.path("several.tar"));
    docker("rmi", "-f", "several:1");
    const env = { DOCKER_HOST: running.socket };
    const loaded = await rig.tsbuild(["build", "-q", "-t", "app:1", "--load", rig.path("context")], { env });
    assert.equal(loaded.status, 0, loaded.stderr);
    assert.equal(docker("image", "inspect", "--format", "{{.Id}}", "app:1").trim(), id);
    docker("tag", "app:1", "app:2");
    docker("save", "-o", rig.path("theirs.tar"), "app:1", "app:2");
    assert.equal(
      await tsbuild(rig, "load", "-i", rig.path("theirs.tar")),
      "Loaded image: app:1\nLoaded image: app:2\n",
    );
    const [image] = JSON.parse(await tsbuild(rig, "inspect", "app:2")) as { Id: string }[];
    assert.equal(image?.Id, id);
  });
});

test("tsbuild takes what other tools write", skip, async () => {
  await using rig = openRig();
  const id = await build(rig, "-o", `type=docker,dest=${rig.path("app.tar")}`);
  const podman = containersTool("podman", rig.directory);
  const buildah = containersTool("buildah", rig.directory);
  podman("load", "-q", "-i", rig.path("app.tar"));
  podman("tag", "app:1", "app:2");
  podman("save", "-q", "-m", "-o", rig.path("podman.tar"), "app:1", "app:2");
  podman("save", "-q", "--format", "oci-archive", "-o", rig.path("podman.oci.tar"), "app:1");
  buildah("push", "-q", "app:1", `docker-archive:${rig.path("buildah.tar")}:app:1`);
  buildah("push", "-q", "app:1", `oci:${rig.path("layout")}:tag`);
  const container = buildah("from", "app:1").trim();
  buildah("config", "--label", "made=elsewhere", container);
  buildah("commit", "-q", "--squash", container, `oci-archive:${rig.path("changed.tar")}:just-a-tag`);
  execFileSync("skopeo", [
    "copy",
    "-q",
    `oci:${rig.path("layout")}:tag`,
    `docker-archive:${rig.path("skopeo.tar")}:app:1`,
  ]);
  execFileSync("zstd", ["-q", rig.path("podman.tar")]);

  for (const name of ["podman.tar.zst", "podman.oci.tar", "buildah.tar", "skopeo.tar"]) {
    const loaded = await tsbuild(
      rig,
      "load",
      "-i",
      rig.path(name),
      ...(name === "podman.tar.zst" ? [] : ["-t", "named"]),
    );
    assert.match(loaded, /^Loaded image: app:1\n/, name);
    const [image] = JSON.parse(await tsbuild(rig, "inspect", "app:1")) as { Id: string }[];
    assert.equal(image?.Id, id, name);
    await tsbuild(rig, "rmi", "app:1");
  }
  assert.match(await tsbuild(rig, "load", "-i", rig.path("changed.tar")), /^Loaded image ID: sha256:/);
  await tsbuild(rig, "load", "-i", rig.path("changed.tar"), "-t", "changed");

  const digest = (await tsbuild(rig, "copy", `oci:${rig.path("layout")}:tag`, "store:copied")).trim();
  assert.equal(
    (await tsbuild(rig, "copy", "store:copied", `oci-archive:${rig.path("again.tar")}`)).trim(),
    digest,
  );
  const raw = execFileSync("skopeo", ["inspect", "--raw", `oci:${rig.path("layout")}:tag`]);
  assert.ok(execFileSync("skopeo", ["inspect", "--raw", `oci-archive:${rig.path("again.tar")}`]).equals(raw));
  assert.equal(await tsbuild(rig, "manifest", "--raw", "store:copied"), raw.toString());

  const context = rig.context(
    { Dockerfile: 'FROM changed\nRUN ["/bin/busybox", "cp", "/d/file", "/copy"]\n' },
    "on-top",
  );
  await tsbuild(rig, "build", "-q", "-o", rig.path("out"), context);
  assert.equal(readFileSync(rig.path("out/copy"), "utf8"), "content\n");
});
