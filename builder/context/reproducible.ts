import type { Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import type { Content, Entry } from "../core/entry.ts";
import type { BuildContext, IgnoreRule } from "./types.ts";

/**
 * A directory of this machine as every checkout of it is: with SOURCE_DATE_EPOCH for a time, and with the modes that git
 * keeps (0644 or 0755) where git tracks the file. Times, and what a umask takes away, are those of the checkout.
 */
export class ReproducibleContext implements BuildContext {
  readonly name: string;
  readonly #context: BuildContext;
  readonly #epoch: number;
  readonly #tracked: ReadonlySet<Bytes>;
  readonly #entries = new Map<Bytes, Entry>();

  constructor(context: BuildContext, epoch: number, tracked: ReadonlySet<Bytes>) {
    this.name = context.name;
    this.#context = context;
    this.#epoch = epoch;
    this.#tracked = tracked;
  }

  stat(path: Bytes): Entry | undefined {
    const known = this.#entries.get(path);
    if (known !== undefined) return known;
    const entry = this.#context.stat(path);
    if (entry === undefined) return undefined;
    const mode = this.#tracked.has(path) ? gitMode(entry) : entry.mode;
    const made = { ...entry, mtime: this.#epoch, mode };
    this.#entries.set(path, made);
    return made;
  }

  list(path: Bytes): readonly Bytes[] {
    return this.#context.list(path);
  }

  hash(path: Bytes): Digest {
    return this.#context.hash(path);
  }

  async prehash(paths: readonly Bytes[]): Promise<void> {
    await this.#context.prehash?.(paths);
  }

  content(path: Bytes): Content {
    return this.#context.content(path);
  }

  linkId(path: Bytes): string | undefined {
    return this.#context.linkId?.(path);
  }

  ignoredBy(path: Bytes): IgnoreRule | undefined {
    return this.#context.ignoredBy(path);
  }

  readFile(path: string): Buffer | undefined {
    return this.#context.readFile(path);
  }

  changed(): Bytes | undefined {
    return this.#context.changed();
  }
}

function gitMode({ type, mode }: Entry): number {
  if (type === "directory") return 0o755;
  return type === "file" ? ((mode & 0o100) === 0 ? 0o644 : 0o755) : mode;
}
