import assert from "node:assert/strict";

import { test } from "node:test";
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

interface Bench extends AsyncDisposable {
  readonly rig: Rig;
  readonly registry: FakeRegistry;
  /** Builds in the store of this name. */
  build(store: string, ...flags: string[]): Promise<Outcome>;
}

async function open(): Promise<Bench> {
  const rig = openRig();
  const registry = await FakeRegistry.start();
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: DOCKERFILE, "a.txt": "a\n" });
  // Another machine has its checkout elsewhere.
  const other = rig.context({ Dockerfile: DOCKERFILE, "a.txt": "a\n" }, "elsewhere/checkout");
  return {
    rig,
    registry,
    build: (store, ...flags) =>
      rig.tsbuild(
        [
          "build",
          "--progress=plain",
          `--metadata-file=${rig.path(`${store}.json`)}`,
          ...base,
          ...flags,
          store === "a" ? context : other,
        ],
        { env: { TSBUILD_ROOT: rig.path(`store-${store}`) } },
      ),
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await rig[Symbol.asyncDispose]();
    },
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

test("a fresh store runs nothing where a registry has the cache, and pushes the same image without fetching a layer", async () => {
  await using bench = await open();
  const { registry, build } = bench;
  const push = ["-t", `${registry.host}/app`, "--push"];
  const cache = `type=registry,ref=${registry.host}/cache`;
  const first = await build("a", ...push, "--cache-to", `${cache},mode=max`);
  assert.equal(first.status, 0, first.stderr);
  registry.seen.length = 0;
  const second = await build("b", ...push, "--cache-from", cache);
  assert.deepEqual(ran(second), []);
});
