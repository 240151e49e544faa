import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig } from "../support/rig.ts";

const FILES = 30;
/** Together so much that a second thread takes part. */
const SIZE = 1_000_001;
const EPOCH = "1700000000";

const name = (index: number): string => `files/${index % 3}/f${index}`;
const contentOf = (index: number, version: number): string =>
  `${index} of ${version}\n`.repeat(SIZE / 8).slice(0, SIZE);

test("a large COPY whose one file changed is the layer that a new store makes of it, and steps see it", async () => {
  await using rig = openRig();
  const files = Object.fromEntries(
    Array.from({ length: FILES }, (_, index) => [name(index), contentOf(index, 1)]),
  );
  const sum = `const h = crypto.createHash("sha256"); for (let i = 0; i < ${FILES}; i++) h.update(fs.readFileSync("/files/" + i % 3 + "/f" + i)); console.log("sum", h.digest("hex"))`;
  const context = rig.context({
    ...files,
    Dockerfile: `FROM base\nCOPY files /files\nRUN node -e '${sum}'\n`,
  });
  const base = await hostBase(rig);
  const build = async (store: string): Promise<{ readonly id: string; readonly sum: string | undefined }> => {
    const built = await rig.tsbuild(
      ["build", "--progress=plain", "--iidfile", rig.path("id"), ...base, context],
      { env: { SOURCE_DATE_EPOCH: EPOCH, TSBUILD_ROOT: rig.path(store) } },
    );
    assert.equal(built.status, 0, built.stderr);
    return { id: readFileSync(rig.path("id"), "utf8"), sum: /sum ([0-9a-f]{64})/.exec(built.stderr)?.[1] };
  };
  const expected = (version: (index: number) => number): string => {
    const hash = createHash("sha256");
    for (let index = 0; index < FILES; index++) hash.update(contentOf(index, version(index)));
    return hash.digest("hex");
  };
  assert.equal(
    (await build("one")).sum,
    expected(() => 1),
  );
  writeFileSync(join(context, name(7)), contentOf(7, 2));
  const again = await build("one");
  assert.equal(
    again.sum,
    expected((index) => (index === 7 ? 2 : 1)),
  );
  assert.deepEqual(again, await build("two"));
});

test("a large COPY from a context that is new is made once, and not at all where the store has it", async () => {
  await using rig = openRig();
  const files = Object.fromEntries(
    Array.from({ length: FILES }, (_, index) => [name(index), contentOf(index, 1)]),
  );
  const Dockerfile = "FROM scratch\nWORKDIR /app\nCOPY files /files\nCOPY files/0 .\n";
  const build = async (store: string, context: string, flags: readonly string[] = []): Promise<string> => {
    const built = await rig.tsbuild(
      ["build", "--progress=plain", "--iidfile", rig.path("id"), ...flags, context],
      { env: { SOURCE_DATE_EPOCH: EPOCH, TSBUILD_ROOT: rig.path(store) } },
    );
    assert.equal(built.status, 0, built.stderr);
    return built.stderr;
  };
  const idOf = (): string => readFileSync(rig.path("id"), "utf8");
  const context = rig.context({ ...files, Dockerfile, small: "FROM scratch\nCOPY files/0/f0 .\n" });
  assert.doesNotMatch(await build("one", context), /CACHED/);
  const id = idOf();

  // In this store something of the context was read before.
  await build("two", context, ["-f", join(context, "small")]);
  await build("two", context);
  assert.equal(idOf(), id);

  const blobs = readdirSync(rig.path("one/blobs/sha256")).sort();
  assert.equal(
    (await build("one", rig.context({ ...files, Dockerfile }, "copy"))).match(/CACHED/g)?.length,
    3,
  );
  assert.deepEqual(readdirSync(rig.path("one/blobs/sha256")).sort(), blobs);
  assert.deepEqual(readdirSync(rig.path("one/tmp")), []);
});

test("a large COPY below a step that fails is there for the next build", async () => {
  await using rig = openRig();
  const files = Object.fromEntries(
    Array.from({ length: FILES }, (_, index) => [name(index), contentOf(index, 1)]),
  );
  const context = rig.context({
    ...files,
    Dockerfile: "FROM base\nCOPY files /files\nRUN node -e 'process.exit(3)'\n",
  });
  const base = await hostBase(rig);
  const build = async (): Promise<string> => {
    const { status, stderr } = await rig.tsbuild(["build", "--progress=plain", ...base, context]);
    assert.equal(status, 1);
    return stderr;
  };
  await build();
  writeFileSync(join(context, name(7)), contentOf(7, 2));
  assert.match(await build(), /COPY files \/files\n#\d+ DONE/);
  assert.match(await build(), /COPY files \/files\n#\d+ CACHED/);
  assert.match((await rig.tsbuild(["store", "check"])).stdout, /in order/);
});
