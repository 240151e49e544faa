import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { startDockerRegistry, withoutDockerRegistry } from "../support/docker-registry.ts";
import { openFileServer } from "../support/file-server.ts";
import { openRig, type Outcome } from "../support/rig.ts";

const FILES = {
  Dockerfile: "FROM scratch\nARG WHO\nCOPY . /\nADD URL /tool\n",
  "app/node_modules/left-pad/package.json": '{"name":"left-pad","version":"1.3.0","license":"WTFPL"}',
};

interface Manifest {
  readonly digest: string;
  readonly subject?: { readonly digest: string };
  readonly manifests: readonly {
    readonly digest: string;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
  readonly layers: readonly { readonly digest: string }[];
}

function raw(name: string): string {
  return execFileSync("skopeo", ["inspect", "--tls-verify=false", "--raw", `docker://${name}`], {
    encoding: "utf8",
  });
}

test(
  "attestations go with the image to a registry that keeps no list of referrers, and to the store",
  { skip: withoutDockerRegistry() ?? false },
  async () => {
    await using rig = openRig();
    await using registry = await startDockerRegistry();
    await using server = await openFileServer();
    server.files.set("/tool", "tool");
    const context = rig.context(FILES);
    writeFileSync(`${context}/Dockerfile`, FILES.Dockerfile.replace("URL", `${server.origin}/tool`));
    const ok = async (...args: string[]): Promise<Outcome> => {
      const outcome = await rig.tsbuild(args);
      assert.equal(outcome.status, 0, outcome.stderr);
      return outcome;
    };
    const name = `${registry.host}/app`;
    const args = [
      "--attest",
      "type=provenance,mode=max,builder-id=https://ci.example.com",
      "--sbom",
      "--build-arg=WHO=me",
      "--build-arg=SOURCE_DATE_EPOCH=7",
    ];
    await ok(
      "-t",
      name,
      "-o",
      "type=image,push=true",
      ...args,
      "--metadata-file",
      rig.path("metadata"),
      context,
    );
    const { "containerimage.digest": digest = "" } = JSON.parse(
      readFileSync(rig.path("metadata"), "utf8"),
    ) as Record<string, string>;

    const tag = digest.replace(":", "-");
    const list = raw(`${name}:${tag}`);
    const { manifests } = JSON.parse(list) as Manifest;
    const kinds = manifests.map(({ annotations }) => annotations?.["in-toto.io/predicate-type"]);
    assert.deepEqual(kinds, ["https://slsa.dev/provenance/v1", "https://spdx.dev/Document"]);
    const statements = await Promise.all(
      manifests.map(async (one) => {
        const artifact = JSON.parse(raw(`${name}@${one.digest}`)) as Manifest;
        assert.equal(artifact.subject?.digest, digest);
        const response = await fetch(`http://${registry.host}/v2/app/blobs/${artifact.layers[0]?.digest}`);
        return response.text();
      }),
    );
    const [provenance = "", sbom = ""] = statements;
    assert.match(
      provenance,
      new RegExp(`"subject":\\[\\{"name":"pkg:docker/.*%3A.*/app@latest\\?.*${digest.slice(7)}`),
    );
    assert.match(
      provenance,
      new RegExp(
        `"resolvedDependencies":\\[\\{"uri":"${server.origin}/tool","digest":\\{"sha256":"[0-9a-f]{64}`,
      ),
    );
    assert.match(provenance, /"builder":\{"id":"https:\/\/ci.example.com"/);
    assert.match(provenance, /"WHO":"me"/);
    assert.ok(!statements.join("").includes(rig.directory));
    assert.match(sbom, /pkg:npm\/left-pad@1\.3\.0/);
    assert.match(sbom, /"licenseDeclared":"WTFPL"/);

    await ok("-t", name, "--push", "--no-cache", ...args, context);
    assert.equal(raw(`${name}:${tag}`), list);

    const inspected = await ok("inspect", name);
    const [details] = JSON.parse(inspected.stdout) as { Attestations: { PredicateType: string }[] }[];
    assert.deepEqual(
      details?.Attestations.map(({ PredicateType }) => PredicateType),
      kinds,
    );
    const printed = await ok("inspect", "--attestation=sbom", name);
    assert.equal((JSON.parse(printed.stdout) as { spdxVersion: string }).spdxVersion, "SPDX-2.3");
    await ok("tag", name, `${registry.host}/copy`);
    const pushed = await ok("push", `${registry.host}/copy`);
    const [, copied = ""] = pushed.stdout.split("\n");
    const copies = JSON.parse(raw(`${registry.host}/copy:${copied.replace(":", "-")}`)) as Manifest;
    assert.equal(copies.manifests.length, 2);
    await ok("store", "check");
    const plain = await rig.tsbuild(["-o", "type=oci,dest=app.tar", "--sbom", context]);
    assert.match(plain.stderr, /-o type=oci has no attestations/);
  },
);
