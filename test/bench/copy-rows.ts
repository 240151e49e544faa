import { createReadStream, renameSync, rmSync, writeFileSync } from "node:fs";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { FILES, FILE_SIZE, makeFiles } from "./many-files.ts";
import { buildArgs, contextWith, learnCode, measureRow, type Bench, type Row } from "./row.ts";

const WORK = `${FILES} files, ${(FILES * FILE_SIZE) / 1e6} MB`;

/** COPY of many files into an empty image, against tar of them and a hash of that. */
export async function copyManyFiles(bench: Bench): Promise<Row> {
  const fresh = freshContext(bench, "many-files", "FROM scratch\nCOPY files /files\n");
  const archive = join(bench.directory, "floor.tar");
  const { prepare } = fresh;
  await learnCode(bench);
  const row = await measureRow(bench, {
    name: `COPY of ${WORK}, cold`,
    floor: "tar to a file + sha256",
    floorWork: {
      async prepare() {
        rmSync(archive, { force: true });
        await bench.command(["sync"]);
      },
      run: () => archiveFiles(bench, fresh.path(), archive),
    },
    ours: {
      prepare,
      run: async () => void (await bench.tsbuild(["build", "-q", "-t", "many-files", fresh.path()])),
    },
    peer: (peer) => ({ prepare, run: () => peer.build({ context: fresh.path(), image: "many-files" }) }),
    budget: 1.8,
  });
  rmSync(archive, { force: true });
  return row;
}

/** The same into an image whose files a step then sees, against that floor and a copy of the files. */
export async function copyThenRun(bench: Bench): Promise<Row> {
  const fresh = freshContext(bench, "copy-run", "FROM base\nCOPY files /files\nRUN :\n");
  const archive = join(bench.directory, "floor.tar");
  const copied = join(bench.directory, "floor");
  const { prepare } = fresh;
  await learnCode(bench);
  const row = await measureRow(bench, {
    name: `COPY of ${WORK}, cold, and RUN`,
    floor: "tar + sha256 + cp -a",
    floorWork: {
      async prepare() {
        rmSync(archive, { force: true });
        rmSync(copied, { recursive: true, force: true });
        await bench.command(["sync"]);
      },
      async run() {
        await archiveFiles(bench, fresh.path(), archive);
        await bench.command(["cp", "-a", join(fresh.path(), "files"), copied]);
      },
    },
    ours: {
      prepare,
      run: async () => void (await bench.tsbuild(buildArgs(bench, "copy-run", fresh.path()))),
    },
    peer: (peer) => ({ prepare, run: () => peer.build({ context: fresh.path(), image: "copy-run" }) }),
    budget: 1.3,
  });
  rmSync(archive, { force: true });
  rmSync(copied, { recursive: true, force: true });
  return row;
}

/** A rebuild after one of the files changed. */
export async function copyOneChanged(bench: Bench): Promise<Row> {
  const context = contextWith(bench, "copy-changed", "FROM base\nCOPY files /files\nRUN :\n");
  const archive = join(bench.directory, "floor.tar");
  const build = async (): Promise<void> =>
    void (await bench.tsbuild(buildArgs(bench, "copy-changed", context)));
  makeFiles(join(context, "files"));
  await build();
  for (const peer of bench.peers) await peer.build({ context, image: "copy-changed" });
  const prepare = async (): Promise<void> => {
    writeFileSync(join(context, "files", "0", "file-0.js"), randomBytes(FILE_SIZE));
    await bench.command(["sync"]);
  };
  const row = await measureRow(bench, {
    name: `one of ${FILES} files changed, COPY and RUN`,
    floor: "walk + tar + sha256",
    floorWork: {
      prepare: () => rmSync(archive, { force: true }),
      run: () => archiveFiles(bench, context, archive),
    },
    ours: { prepare, run: build },
    peer: (peer) => ({ prepare, run: () => peer.build({ context, image: "copy-changed" }) }),
    budget: 2,
  });
  rmSync(archive, { force: true });
  return row;
}

/** A context that no build has seen: files that no file before was like, in a directory with another name each time. */
function freshContext(
  bench: Bench,
  name: string,
  dockerfile: string,
): { path(): string; prepare(): Promise<void> } {
  let context = contextWith(bench, name, dockerfile);
  let count = 0;
  makeFiles(join(context, "files"));
  return {
    path: () => context,
    async prepare() {
      const next = join(bench.directory, `${name}-${++count}`);
      renameSync(context, next);
      context = next;
      makeFiles(join(context, "files"));
      // What they leave to write is not the build's.
      await bench.command(["sync"]);
    },
  };
}

async function archiveFiles(bench: Bench, context: string, archive: string): Promise<void> {
  await bench.command(["tar", "-C", context, "-cf", archive, "files"]);
  await hashFile(archive);
}

/** sha256 of a file. */
export async function hashFile(path: string): Promise<void> {
  const hash = createHash("sha256");
  for await (const block of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(block as Buffer);
  hash.digest();
}
