import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { openLocalContext, type LocalContext } from "../../../builder/context/local.ts";
import type { Bytes } from "../../../builder/core/bytes.ts";
import { sha256 } from "../../../builder/core/digest.ts";
import type { NewChange } from "../../../builder/layers/types.ts";
import { LayerStore } from "../../../runtime/layers/layer-store.ts";
import { scratchStore } from "../../store/scratch.ts";

const skip = availableParallelism() < 2 ? "there is one processor" : false;
const MIB = 1 << 20;
/** Of files that are alone in a piece of the tar, end one, begin one and go through several. */
const SIZES = [0, 1, 511, 512, 513, 10_000, MIB - 1024, MIB - 512, MIB, MIB + 1, 3 * MIB];

async function withContext<T>(
  sizes: readonly number[],
  use: (context: LocalContext, directory: string) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  try {
    for (const [at, size] of sizes.entries())
      writeFileSync(join(directory, `f${at}`), Buffer.alloc(size, `file ${at} `));
    return await use(openLocalContext({ directory, indexFile: join(directory, ".index") }), directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function changesOf(context: LocalContext): NewChange[] {
  return context.list("" as Bytes).flatMap((path): NewChange[] => {
    const entry = context.stat(path);
    return entry === undefined ? [] : [{ kind: "entry", entry, content: context.content(path) }];
  });
}

const open = (store: ConstructorParameters<typeof LayerStore>[0]): LayerStore =>
  new LayerStore(store, () => assert.fail("no helper is needed"));

test("sealAhead() makes what seal() makes, and learns what every file holds", { skip }, async () => {
  const sizes = fc.array(fc.constantFrom(...SIZES), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(sizes, (list) =>
      withContext(list, async (context, directory) => {
        using scratch = scratchStore();
        const keep = await open(scratch.store).sealAhead(changesOf(context), {});
        for (const [at, size] of list.entries())
          assert.equal(context.hash(`f${at}` as Bytes), sha256(Buffer.alloc(size, `file ${at} `)));
        assert.equal(context.changed(), undefined);

        const hashed = openLocalContext({ directory });
        for (const at of list.keys()) hashed.hash(`f${at}` as Bytes);
        using other = scratchStore();
        const expected = await open(other.store).seal(changesOf(hashed), {});
        const layer = keep?.();
        assert.equal(await layer?.diffId(), await expected.diffId());
        assert.deepEqual(await layer?.index(), await expected.index());
        assert.equal((await layer?.tar())?.size, (await expected.tar()).size);
      }),
    ),
    { numRuns: 25 },
  );
});

test("sealAhead() learns nothing of a file that was written to since it was looked at", { skip }, () =>
  withContext([10, 10, 10], async (context, directory) => {
    using scratch = scratchStore();
    const changes = changesOf(context);
    writeFileSync(join(directory, "f1"), "other text".slice(0, 10));
    await open(scratch.store).sealAhead(changes, {});
    assert.equal(context.hash("f1" as Bytes), sha256("other text"));
    assert.equal(context.changed(), "f1");
  }),
);

test("sealAhead() leaves nothing in the store when nobody keeps the layer", { skip }, () =>
  withContext([MIB], async (context) => {
    using scratch = scratchStore();
    const layers = open(scratch.store);
    const changes = changesOf(context);
    await layers.sealAhead(changes, {});
    const diffId = await (await layers.seal(changes, {})).diffId();
    scratch.store.blobs.delete(diffId);
    await layers.sealAhead(changes, {});
    assert.equal(scratch.store.blobs.has(diffId), false);
  }),
);
