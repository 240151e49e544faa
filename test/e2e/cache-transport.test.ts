import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { startDockerRegistry, withoutDockerRegistry } from "../support/docker-registry.ts";
import { FakeRegistry } from "../support/fake-registry.ts";
import { hostBase } from "../support/host-base.ts";
import { openRig, type Outcome, type Rig } from "../support/rig.ts";

const DOCKERFILE = `FROM base AS builder
WORKDIR /src
COPY a.txt .
RUN node -e 'const f = require("fs"); f.writeFileSync("out", f.readFileSync("a.txt") + "built"); f.writeFileSync("junk", "x".repeat(3e5))'
FROM base
COPY --from=builder /src/out /out
RUN node -e 'require("fs").writeFileSync("/done", require("crypto").createHash("sha256").update("1").digest("hex"))'
`;
const CHANGED = "COPY --from=builder /src/out /out";

interface Bench extends AsyncDisposable {
  readonly rig: Rig;
  /** Builds in the store of this name: "a" has its checkout elsewhere than the others. */
  build(store: string, ...flags: string[]): Promise<Outcome>;
  /** Digest of the image that a store built last. */
  digest(store: string): string;
  edit(change: (text: string) => string): void;
}

async function open(): Promise<Bench> {
  const rig = openRig();
  const base = await hostBase(rig);
  const contexts = ["context", "elsewhere/checkout"].map((name) =>
    rig.context({ Dockerfile: DOCKERFILE, "a.txt": "a\n" }, name),
  );
  const [own = "", other = ""] = contexts;
  const metadata = (store: string): string => rig.path(`${store}.json`);
  return {
    rig,
    build: (store, ...flags) =>
      rig.tsbuild(
        [
          "build",
          "--progress=plain",
          `--metadata-file=${metadata(store)}`,
          ...base,
          ...flags,
          store === "a" ? own : other,
        ],
        { env: { TSBUILD_ROOT: rig.path(`store-${store}`) } },
      ),
    digest: (store) =>
      (JSON.parse(readFileSync(metadata(store), "utf8")) as Record<string, string>)[
        "containerimage.digest"
      ] ?? "",
    edit(change) {
      for (const context of contexts) {
        const path = join(context, "Dockerfile");
        writeFileSync(path, change(readFileSync(path, "utf8")));
      }
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

/** Names of the steps that ran, less FROM. */
function ran({ stderr, status }: Outcome): string[] {
  assert.equal(status, 0, stderr);
  const steps = [...stderr.matchAll(/^#(\d+) \[[^\]]*\d\/\d\] (.*)$/gm)];
  const cached = new Set([...stderr.matchAll(/^#(\d+) CACHED$/gm)].map((match) => match[1]));
  const names = steps.filter(([, number]) => !cached.has(number)).map(([, , name]) => name ?? "");
  return [...new Set(names)].filter((name) => !name.startsWith("FROM"));
}

/** Blobs of a layout, the largest last. */
function blobsOf(directory: string): string[] {
  const folder = join(directory, "blobs/sha256");
  const size = (name: string): number => statSync(join(folder, name)).size;
  return readdirSync(folder)
    .sort((a, b) => size(a) - size(b))
    .map((name) => join(folder, name));
}

/** The config of the cache in a layout. */
function configOf(directory: string): string {
  const found = blobsOf(directory).find((path) => readFileSync(path, "utf8").startsWith('{"format":1'));
  assert.ok(found);
  return found;
}

test("a fresh store runs nothing where a registry has the cache, and pushes the same image without fetching a layer", async () => {
  await using bench = await open();
  await using registry = await FakeRegistry.start();
  const push = ["-t", `${registry.host}/app`, "--push"];
  const cache = `type=registry,ref=${registry.host}/cache`;
  assert.equal((await bench.build("a", ...push, "--cache-to", `${cache},mode=max`)).status, 0);
  registry.seen.length = 0;
  assert.deepEqual(ran(await bench.build("b", ...push, "--cache-from", cache)), []);
  assert.equal(bench.digest("b"), bench.digest("a"));
  const fetched = registry.seen.filter(({ method, path }) => method === "GET" && path.includes("/blobs/"));
  assert.equal(fetched.length, 1, registry.lines().join("\n"));
  const size = registry.blobs.get(fetched[0]?.path.split("/").pop() ?? "")?.length ?? Infinity;
  assert.ok(size < 10_000, `the config has ${size} bytes`);
  assert.ok(!registry.lines().some((line) => line.startsWith("PUT") && line.includes("/blobs/")));

  // What a store took from a cache it knows from then on; layers came for the step that runs.
  bench.edit((text) => `${text}RUN node -e ''\n`);
  registry.seen.length = 0;
  const records = bench.rig.path("store-c", "records");
  const { stdout } = await bench.build("c", "--dry-run=json", "--cache-from", cache);
  const { steps, pull, pullAtMost } = JSON.parse(stdout) as {
    steps: { verdict: string }[];
    pull: number;
    pullAtMost: number;
  };
  assert.equal(steps.map(({ verdict }) => verdict).join(" "), "hit hit hit hit hit run");
  assert.equal(pull, pullAtMost);
  assert.ok(!existsSync(records), "nothing was built");
  const told = registry.seen.length;
  assert.deepEqual(ran(await bench.build("c", "--cache-from", cache)), ["RUN node -e ''"]);
  const sent = registry.seen
    .slice(told)
    .filter(({ method, path }) => method === "GET" && path.includes("/blobs/"));
  const sizes = sent.map(({ path }) => registry.blobs.get(path.split("/").pop() ?? "")?.length ?? NaN);
  // The largest is the document that says what there is; the others are the layers that were foretold.
  const layers = sizes.sort((a, b) => a - b).slice(0, -1);
  assert.deepEqual([layers.length, pull], [2, layers.reduce((sum, size) => sum + size, 0)]);
  assert.deepEqual(ran(await bench.build("c")), []);
});

test("a registry takes layers over from where the image is, and gives them back", async (t) => {
  const missing = withoutDockerRegistry();
  if (missing !== undefined) return t.skip(missing);
  await using bench = await open();
  await using registry = await startDockerRegistry();
  const push = ["-t", `${registry.host}/app`, "--push"];
  const cache = `type=registry,ref=${registry.host}/cache:main`;
  const first = await bench.build("a", ...push, "--cache-to", `${cache},mode=max`);
  assert.equal(first.status, 0, first.stderr);
  assert.doesNotMatch(first.stderr, /WARNING/);
  assert.deepEqual(ran(await bench.build("b", ...push, "--cache-from", cache, "--cache-to", cache)), []);
  assert.equal(bench.digest("b"), bench.digest("a"));
  const output = bench.rig.path("files");
  assert.deepEqual(
    ran(await bench.build("c", "--cache-from", `${registry.host}/cache:main`, "-o", output)),
    [],
  );
  assert.equal(readFileSync(join(output, "out"), "utf8"), "a\nbuilt");
});

test("mode=min has the result's steps alone, mode=max every stage", async () => {
  await using bench = await open();
  const [min, max] = [bench.rig.path("min"), bench.rig.path("max")];
  const exported = await bench.build(
    "a",
    `--cache-to=type=local,dest=${min}`,
    `--cache-to=type=local,dest=${max},mode=max`,
  );
  assert.equal(exported.status, 0, exported.stderr);
  assert.deepEqual([recordsIn(min), recordsIn(max)], [2, 5]);
  assert.deepEqual(ran(await bench.build("b", `--cache-from=type=local,src=${min}`)), []);
  bench.edit((text) => text.replace(CHANGED, CHANGED.replace("/out /out", "/out /OUT")));
  assert.equal(ran(await bench.build("c", `--cache-from=type=local,src=${min}`)).length, 5);
  assert.equal(ran(await bench.build("d", `--cache-from=type=local,src=${max}`)).length, 2);
});

test("a directory keeps what other exports left, and reset=true does not", async () => {
  await using bench = await open();
  const cache = bench.rig.path("cache");
  await bench.build(
    "a",
    `--cache-to=type=local,dest=${cache},mode=max,tag=one,compression=zstd,force-compression=true`,
  );
  const before = blobsOf(cache);
  bench.edit((text) => text.replace('update("1")', 'update("2")'));
  await bench.build("a", `--cache-to=type=local,dest=${cache},mode=max`);
  assert.ok(before.every((path) => existsSync(path)));
  assert.equal(ran(await bench.build("b", `--cache-from=type=local,src=${cache},tag=one`)).length, 1);
  assert.deepEqual(ran(await bench.build("c", `--cache-from=type=local,src=${cache}`)), []);
  const all = blobsOf(cache).length;
  await bench.build("a", `--cache-to=type=local,dest=${cache},reset=true`);
  assert.ok(blobsOf(cache).length < all);
  assert.deepEqual(ran(await bench.build("d", `--cache-from=type=local,src=${cache}`)), []);
  const gone = await bench.build("e", `--cache-from=type=local,src=${cache},tag=one`);
  assert.match(gone.stderr, /WARNING: the cache .* is not used: .*it has no cache with tag "one"/);
  assert.equal(ran(gone).length, 5);
});

test("an image that was built with an inline cache is one", async () => {
  await using bench = await open();
  await using registry = await FakeRegistry.start();
  const push = ["-t", `${registry.host}/app`, "--push"];
  assert.equal((await bench.build("a", ...push, "--cache-to=type=inline")).status, 0);
  const again = await bench.build(
    "b",
    ...push,
    "--cache-to=type=inline",
    `--cache-from=${registry.host}/app`,
  );
  assert.deepEqual(ran(again), []);
  assert.equal(bench.digest("b"), bench.digest("a"));
  registry.seen.length = 0;
  const plain = await bench.build("c", ...push);
  assert.equal(plain.status, 0);
  const none = await bench.build("d", `--cache-from=${registry.host}/app`);
  assert.match(none.stderr, /WARNING: .* is not used: .*it is an image that carries no cache/);
});

test("a damaged cache is a warning, and the build does without what is damaged", async () => {
  await using bench = await open();
  const cache = bench.rig.path("cache");
  const restore = bench.rig.path("whole");
  assert.equal((await bench.build("a", `--cache-to=type=local,dest=${restore},mode=max`)).status, 0);
  const junk = (): string => blobsOf(cache).at(-1) ?? "";
  const table: readonly (readonly [what: string, damage: () => void])[] = [
    ["no cache at all", () => rmSync(cache, { recursive: true })],
    ["an index that is no JSON", () => writeFileSync(join(cache, "index.json"), "{")],
    ["a config that is another", () => writeFileSync(configOf(cache), "{}")],
    ["a config that is missing", () => rmSync(configOf(cache))],
    ["a layer that is missing", () => rmSync(junk())],
    ["a layer that was cut off", () => truncateSync(junk(), 100)],
    ["a layer that is another", () => writeFileSync(junk(), Buffer.alloc(statSync(junk()).size, 7))],
    [
      "all layers missing",
      () => blobsOf(cache).forEach((path) => path === configOf(cache) || isDocument(path) || rmSync(path)),
    ],
  ];
  // The step that is new needs the layers of the builder.
  bench.edit((text) => text.replace(CHANGED, "COPY --from=builder /src/out /src/junk /"));
  const whole = await bench.build("whole", `--cache-from=type=local,src=${restore}`);
  assert.equal(ran(whole).length, 2);
  for (const [index, [what, damage]] of table.entries()) {
    rmSync(cache, { recursive: true, force: true });
    mkdirSync(cache);
    cpSync(restore, cache, { recursive: true });
    damage();
    const built = await bench.build(`damaged-${index}`, `--cache-from=type=local,src=${cache}`);
    assert.equal(built.status, 0, `${what}: ${built.stderr}`);
    assert.match(built.stderr, /WARNING: .* is not used: /, what);
    assert.doesNotMatch(built.stderr, /^error|INTERNAL/m, what);
  }
});

test("a cache that cannot be written fails the build only where ignore-error=false says so", async () => {
  await using bench = await open();
  const file = bench.rig.path("file");
  writeFileSync(file, "");
  const built = await bench.build("a", `--cache-to=type=local,dest=${file}/x`);
  assert.equal(built.status, 0, built.stderr);
  assert.match(built.stderr, /WARNING: the cache was not written to /);
  const strict = await bench.build("a", `--cache-to=type=local,dest=${file}/x,ignore-error=false`);
  assert.equal(strict.status, 1, strict.stderr);
});

test("a registry that takes connections and never answers holds nothing up, and fails nothing", async () => {
  await using bench = await open();
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket.on("error", () => {})));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  try {
    const cache = `type=registry,ref=127.0.0.1:${(silent.address() as AddressInfo).port}/cache,timeout=150ms`;
    const built = await bench.build("a", "--cache-from", cache, "--cache-to", `${cache},mode=max`);
    assert.equal(ran(built).length, 5);
    const reason = String.raw`Cannot reach 127\.0\.0\.1:\d+: nothing came from it for 0\.15 s`;
    assert.match(built.stderr, new RegExp(`WARNING: the cache \\S+ is not used: ${reason}`));
    assert.match(built.stderr, new RegExp(`WARNING: the cache was not written to \\S+: ${reason}`));
    const strict = await bench.build("a", "--cache-to", `${cache},ignore-error=false`);
    assert.equal(strict.status, 3, strict.stderr);
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});

function recordsIn(directory: string): number {
  return (JSON.parse(readFileSync(configOf(directory), "utf8")) as { records: unknown[] }).records.length;
}

function isDocument(path: string): boolean {
  return readFileSync(path, "utf8").startsWith("{");
}
