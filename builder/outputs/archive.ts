import { closeSync, openSync, readSync } from "node:fs";
import { bytesOf } from "../core/bytes.ts";
import { TarWriter } from "../layers/tar-writer.ts";
import type { Descriptor } from "../image/types.ts";
import type { TreeBlob } from "./image-tree.ts";
import { layoutIndex, type LayoutWriter } from "./layout.ts";
import type { Sink } from "./sink.ts";

const READ_SIZE = 1 << 20;

/** An OCI layout as a tar: each path once, all as of 1970 so that it is reproducible. */
export class Archive implements LayoutWriter {
  readonly #sink: Sink;
  readonly #tar: TarWriter;
  readonly #paths = new Set<string>();

  constructor(sink: Sink) {
    this.#sink = sink;
    this.#tar = new TarWriter((chunk) => sink.write(chunk));
    this.#directory("blobs");
    this.#directory("blobs/sha256");
  }

  index(manifests: readonly Descriptor[]): void {
    this.document("index.json", layoutIndex(manifests));
  }

  document(path: string, data: Buffer): void {
    if (this.#taken(path)) return;
    this.#header(path, data.length);
    this.#tar.data(data);
  }

  async blob(path: string, blob: TreeBlob): Promise<void> {
    if (this.#taken(path)) return;
    this.#header(path, blob.descriptor.size);
    const name = await blob.path?.();
    if (name === undefined) {
      // Their size is what it was said to be, or they end with an error.
      for await (const chunk of blob.open()) {
        this.#tar.data(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
        await this.#sink.drain();
      }
      return;
    }
    const file = openSync(name, "r");
    try {
      const buffer = Buffer.allocUnsafe(READ_SIZE);
      for (;;) {
        const count = readSync(file, buffer, 0, READ_SIZE, null);
        if (count === 0) break;
        this.#tar.data(buffer.subarray(0, count));
        await this.#sink.drain();
      }
    } finally {
      closeSync(file);
    }
  }

  async finish(): Promise<void> {
    this.#tar.finish();
    await this.#sink.end();
  }

  #directory(path: string): void {
    this.#tar.entry({
      path: bytesOf(path),
      type: "directory",
      mode: 0o755,
      uid: 0,
      gid: 0,
      size: 0,
      mtime: 0,
    });
  }

  #taken(path: string): boolean {
    if (this.#paths.has(path)) return true;
    this.#paths.add(path);
    return false;
  }

  #header(path: string, size: number): void {
    this.#tar.entry({ path: bytesOf(path), type: "file", mode: 0o644, uid: 0, gid: 0, size, mtime: 0 });
  }
}
