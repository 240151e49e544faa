import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { holdMount } from "../../builder/cache/hold-mount.ts";
import { hexOf, sha256 } from "../../builder/core/digest.ts";
import type { Store } from "../../builder/store/types.ts";
import { CacheMounts, type CacheMount } from "../../runtime/mounts/cache-mounts.ts";
import { scratchStore } from "../store/scratch.ts";

const SIGNAL = new AbortController().signal;
const noHelper = (): Promise<never> => assert.fail("the mount is there");

function mountOf(store: Store): { readonly id: string; readonly slot: string; readonly path: string } {
  const id = hexOf(sha256("npm"));
  const path = join(store.root, "mounts", id, "0");
  mkdirSync(join(path, "data"), { recursive: true });
  return { id, slot: "0", path };
}

function step(store: Store, sharing: "shared" | "locked"): Promise<CacheMount> {
  return new CacheMounts(store, noHelper).open("npm", sharing, noHelper, SIGNAL);
}

for (const sharing of ["shared", "locked"] as const) {
  test(`holdMount() waits for a ${sharing} step, and the next one waits for it`, async () => {
    using scratch = scratchStore();
    const [builds, saves] = [scratch.store, scratch.reopen()];
    const mount = mountOf(builds);
    const running = await step(builds, sharing);
    const said: string[] = [];
    const held = holdMount(
      {
        store: saves,
        signal: SIGNAL,
        emit: (event) => said.push(event.type === "notice" ? event.message : ""),
      },
      mount,
    );
    while (said.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(said, ["waiting for a build that uses a cache mount"]);
    // Steps that share it may wait for each other: one that comes now is not kept waiting.
    const another = sharing === "shared" ? await step(builds, sharing) : undefined;
    running[Symbol.dispose]();
    another?.[Symbol.dispose]();
    const holding = await held;

    const order: string[] = [];
    const next = step(builds, sharing).then((one) => {
      order.push("step");
      return one;
    });
    // What another process has is seen over a socket: several turns of the loop, in which the step must not begin.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    order.push("let go");
    holding[Symbol.dispose]();
    (await next)[Symbol.dispose]();
    assert.deepEqual(order, ["let go", "step"]);
    for (const store of [builds, saves]) await store.close();
  });
}

test("holdMount() gives up when it is aborted, and keeps nothing", async () => {
  using scratch = scratchStore();
  const [builds, saves] = [scratch.store, scratch.reopen()];
  const mount = mountOf(builds);
  const running = await step(builds, "shared");
  const stop = new AbortController();
  const emit = (): void => stop.abort(new Error("stopped"));
  await assert.rejects(holdMount({ store: saves, signal: stop.signal, emit }, mount), /stopped/);
  running[Symbol.dispose]();
  (await step(builds, "locked"))[Symbol.dispose]();
  using _ = await holdMount({ store: builds, signal: SIGNAL, emit: () => assert.fail("waits") }, mount);
  for (const store of [builds, saves]) await store.close();
});
