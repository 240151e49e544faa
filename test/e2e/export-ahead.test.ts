import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FakeRegistry } from "../support/fake-registry.ts";
import { hostBase } from "../support/host-base.ts";
import { openRig, type Rig } from "../support/rig.ts";

/** A step, and one after it that ends when `registry` answers /open, with this exit code. */
function dockerfile({ host }: FakeRegistry, code: number): string {
  const ask = `setInterval(() => fetch("http://${host}/open").then(({ ok }) => ok && process.exit(${code}), () => {}), 20)`;
  return `FROM base
RUN node -e 'fs.writeFileSync("/one", "x".repeat(2e6))'
RUN --network=host node -e '${ask}'
`;
}

function openWhen(registry: FakeRegistry, isTime: () => boolean): void {
  registry.arm("GET /open", (_, response) => response.writeHead(isTime() ? 200 : 404).end());
}

const gzipped = ({ store }: Rig): number =>
  readdirSync(join(store, "blobs/sha256")).filter(
    (name) => readFileSync(join(store, "blobs/sha256", name)).readUInt16BE() === 0x1f8b,
  ).length;

test("a layer is in the registry before the next step ends, and nothing names it when that fails", async () => {
  await using rig = openRig();
  await using registry = await FakeRegistry.start();
  const base = await hostBase(rig);
  openWhen(registry, () => registry.blobs.size > 0);
  const build = (mode: string, code: number): ReturnType<Rig["tsbuild"]> =>
    rig.tsbuild([
      "build",
      "--allow=network.host",
      `--cache-to=type=registry,ref=${registry.host}/app:${mode},mode=${mode}`,
      ...base,
      rig.context({ Dockerfile: dockerfile(registry, code) }, mode),
    ]);
  const failed = await build("min", 7);
  assert.equal(failed.status, 1, failed.stderr);
  assert.match(failed.stderr, /exit code 7/);
  assert.equal(registry.manifests.size, 0);
  registry.blobs.clear();

  const { status, stderr } = await build("max", 0);
  assert.equal(status, 0, stderr);
  const { raw } = registry.manifests.get("app max") ?? assert.fail("no cache was written");
  const { layers } = JSON.parse(raw.toString()) as {
    readonly layers: readonly { readonly digest: string }[];
  };
  assert.ok(layers.length >= 1);
  for (const { digest } of layers) assert.ok(registry.blobs.has(digest));
  // Brought once: at the end it is there.
  const puts = registry
    .lines()
    .filter((line) => line.startsWith("PUT") && line.includes(layers[0]?.digest.slice(7) ?? "?"));
  assert.equal(puts.length, 2);
});

test("--push finds layers compressed that were made before the last step", async () => {
  await using rig = openRig();
  await using registry = await FakeRegistry.start();
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: dockerfile(registry, 0) });
  let before: number | undefined;
  openWhen(registry, () => {
    before = registry.blobs.size;
    return gzipped(rig) > 0;
  });
  const { status, stderr } = await rig.tsbuild([
    "build",
    "--allow=network.host",
    "--push",
    `--tag=${registry.host}/app:1`,
    ...base,
    context,
  ]);
  assert.equal(status, 0, stderr);
  assert.equal(before, 0, "something left before the build had ended");
  assert.ok(registry.manifests.has("app 1"));
});
