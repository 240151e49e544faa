import { readFileSync } from "node:fs";
import { bytesOf, toFsPath, type Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import type { Content, Entry, Tree } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import { readRange } from "../core/read-range.ts";
import { resolveInTree } from "../core/resolve.ts";
import type { BuildContext, IgnoreRule } from "./types.ts";

/** A Dockerfile that is larger was meant to be something else. */
const MAX_NAMED_FILE = 16 << 20;

/**
 * Fetched files as a build context: an archive, a download or a commit. Ignore files mean nothing in it (BuildKit
 * dockerui/config.go DockerIgnorePatterns), nobody else writes to it, and every file is root's.
 */
export class TreeContext implements BuildContext {
  readonly name: string;
  readonly time?: number;
  readonly #tree: Tree;

  constructor(name: string, tree: Tree, time?: number) {
    this.name = name;
    this.#tree = tree;
    if (time !== undefined) this.time = time;
  }

  stat(path: Bytes): Entry | undefined {
    const entry = this.#tree.stat(path);
    return entry === undefined || (entry.uid === 0 && entry.gid === 0) ? entry : { ...entry, uid: 0, gid: 0 };
  }

  list(path: Bytes): readonly Bytes[] {
    return this.#tree.list(path);
  }

  hash(path: Bytes): Digest {
    return this.#tree.hash(path);
  }

  content(path: Bytes): Content {
    return this.#tree.content(path);
  }

  linkId(path: Bytes): string | undefined {
    return this.#tree.linkId?.(path);
  }

  ignoredBy(): IgnoreRule | undefined {
    return undefined;
  }

  readFile(path: string): Buffer | undefined {
    const { path: at, entry } = resolveInTree(this.#tree, bytesOf(path), true);
    if (entry?.type !== "file") return undefined;
    if (entry.size > MAX_NAMED_FILE) {
      throw new TsbuildError(
        "CONFIG_INVALID",
        `Cannot read "${path}" of the context: it is larger than ${MAX_NAMED_FILE} bytes`,
      );
    }
    const content = this.#tree.content(at);
    switch (content.kind) {
      case "bytes":
        return Buffer.from(content.data);
      case "file":
        return readFileSync(toFsPath(content.path));
      case "range":
        return readRange(content.path, content.offset, content.size);
    }
  }

  changed(): Bytes | undefined {
    return undefined;
  }
}
