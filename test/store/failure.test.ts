import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { TsbuildError } from "../../builder/core/errors.ts";
import { storeFailure } from "../../builder/store/failure.ts";
import { scratchStore } from "./scratch.ts";

const cases: readonly [string, string, RegExp][] = [
  ["ENOSPC", "DISK_FULL", /^Cannot write "\/s": no space is left on the device$/],
  ["EDQUOT", "DISK_FULL", /^Cannot write "\/s": the disk quota is used up$/],
  ["EACCES", "STORE_UNWRITABLE", /^Cannot write "\/s": permission denied$/],
  ["EROFS", "STORE_UNWRITABLE", /^Cannot write "\/s": the filesystem is read-only$/],
  ["EIO", "STORE_INVALID", /^Cannot write "\/s": bad disk$/],
];
for (const [errno, code, message] of cases) {
  test(`storeFailure() explains ${errno}`, () => {
    const cause = Object.assign(new Error("bad disk"), { code: errno });
    const error = storeFailure(cause, "write", "/s");
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.equal(error.cause, cause);
    assert.equal(errno === "EIO" || /TSBUILD_ROOT/.test(error.hint ?? ""), true);
  });
}

test("storeFailure() lets explained errors pass", () => {
  const error = new TsbuildError("DIGEST_MISMATCH", "x");
  assert.equal(storeFailure(error, "write", "/s"), error);
});

test("a full disk is told as such and leaves nothing half-made", (t) => {
  using scratch = scratchStore();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tsbuild", scratch.root]);
  if (mounted.status !== 0) return t.skip("no filesystem can be mounted here");
  try {
    const { blobs, layers } = scratch.store;
    const small = blobs.put(Buffer.from("small"));
    using writer = blobs.create();
    const fill = (): void => {
      writer.write(Buffer.alloc(1 << 20, 1));
      writer.commit();
    };
    assert.throws(fill, { code: "DISK_FULL" });
    assert.throws(() => blobs.put(Buffer.alloc(1 << 20, 2)), { code: "DISK_FULL" });
    writer[Symbol.dispose]();
    assert.deepEqual(readdirSync(join(scratch.root, "blobs/sha256")).length, 1);
    assert.equal(blobs.read(small).toString(), "small");
    assert.equal(layers.update(small as never, { size: 5 }).size, 5, "and there is room again");
  } finally {
    spawnSync("umount", [scratch.root]);
  }
});
