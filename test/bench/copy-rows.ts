import { closeSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { command, inTurns } from "./measure.ts";
import { FILES, FILE_SIZE, makeFiles } from "./many-files.ts";
import { buildArgs, contextWith, row, type Bench, type Row } from "./row.ts";

const HASH_BLOCK = 1 << 20;
const WORK = `${FILES} files, ${(FILES * FILE_SIZE) / 1e6} MB`;

/** COPY of many files into an empty image, against tar of them and a hash of that. */
export async function copyManyFiles(bench: Bench): Promise<Row> {
  const context = contextWith(bench, "many-files", "FROM scratch\nCOPY files /files\n");
  makeFiles(join(context, "files"));
  const archive = join(bench.directory, "floor.tar");
  const store = join(bench.directory, "store");
  const [floorMs, ours] = await inTurns(bench.rounds, [
    {
      prepare: () => rmSync(archive, { force: true }),
      run: () => archiveFiles(context, archive),
    },
    {
      prepare() {
        for (const part of ["records", "context", "blobs", "layers", "indexes"])
          rmSync(join(store, part), { recursive: true, force: true });
      },
      run: () => bench.tsbuild(["build", "-q", "-t", "many-files", context]),
    },
  ]);
  rmSync(archive, { force: true });
  return row(`COPY of ${WORK}, cold`, "tar to a file + sha256", floorMs, ours, 1.8);
}

/** The same into an image whose files a step then sees, against that floor and a copy of the files. */
export async function copyThenRun(bench: Bench): Promise<Row> {
  const context = contextWith(bench, "copy-run", "FROM base\nCOPY files /files\nRUN :\n");
  const archive = join(bench.directory, "floor.tar");
  const copied = join(bench.directory, "floor");
  const build = (): void => bench.tsbuild(buildArgs(bench, "copy-run", context));
  makeFiles(join(context, "files"));
  build();
  const [floorMs, ours] = await inTurns(bench.rounds, [
    {
      prepare() {
        rmSync(archive, { force: true });
        rmSync(copied, { recursive: true, force: true });
      },
      run() {
        archiveFiles(context, archive);
        command(["cp", "-a", join(context, "files"), copied]);
      },
    },
    {
      // Files that no build has seen; the base stays. What they leave to write is not the build's.
      prepare() {
        makeFiles(join(context, "files"));
        command(["sync"]);
      },
      run: build,
    },
  ]);
  rmSync(archive, { force: true });
  rmSync(copied, { recursive: true, force: true });
  return row(`COPY of ${WORK}, cold, and RUN`, "tar + sha256 + cp -a", floorMs, ours, 1.3);
}

/** A rebuild after one of the files changed. */
export async function copyOneChanged(bench: Bench): Promise<Row> {
  const context = contextWith(bench, "copy-changed", "FROM base\nCOPY files /files\nRUN :\n");
  const archive = join(bench.directory, "floor.tar");
  const build = (): void => bench.tsbuild(buildArgs(bench, "copy-changed", context));
  makeFiles(join(context, "files"));
  build();
  const [floorMs, ours] = await inTurns(bench.rounds, [
    {
      prepare: () => rmSync(archive, { force: true }),
      run: () => archiveFiles(context, archive),
    },
    {
      prepare() {
        writeFileSync(join(context, "files", "0", "file-0.js"), randomBytes(FILE_SIZE));
        command(["sync"]);
      },
      run: build,
    },
  ]);
  rmSync(archive, { force: true });
  return row(`one of ${FILES} files changed, COPY and RUN`, "walk + tar + sha256", floorMs, ours, 2);
}

function archiveFiles(context: string, archive: string): void {
  command(["tar", "-C", context, "-cf", archive, "files"]);
  hashFile(archive);
}

function hashFile(path: string): void {
  const file = openSync(path, "r");
  const hash = createHash("sha256");
  const block = Buffer.allocUnsafe(HASH_BLOCK);
  for (let got = readSync(file, block); got > 0; got = readSync(file, block))
    hash.update(block.subarray(0, got));
  closeSync(file);
  hash.digest();
}
