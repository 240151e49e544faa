import { dirname, resolve } from "node:path";
import type { Diagnostic } from "../../core/diagnostic.ts";
import type { GitRequest } from "../../context/git/types.ts";
import { placeOf, type FetchedPlace } from "../../context/place.ts";
import { isDigest, type Digest } from "../../core/digest.ts";
import { TsbuildError } from "../../core/errors.ts";
import { redact } from "../../core/redact.ts";
import type { Vertex } from "../../graph/types.ts";
import { formatReference, parseReference, withDefaultTag } from "../../image/reference.ts";
import { gitKey, isPinned, urlKey } from "../../stages/pins.ts";
import type { BaseImages, Pins } from "../../stages/types.ts";
import { findImage, localImage, type BaseImageOptions } from "../base-images.ts";
import type { BuildOptions } from "../../api/types.ts";
import { LOCK_NAME, readLockFile, SECTIONS, writeLockFile, type LockedSources } from "./lock-file.ts";

/** "read": what is locked counts, and the rest is as without a lock. "memory": for this build alone. The others are flags. */
type Mode = "lock" | "frozen" | "update" | "read" | "memory";

/** What may be something else tomorrow, but for images. */
export type Source =
  | { readonly type: "http"; readonly url: string }
  | ({ readonly type: "git" } & Pick<GitRequest, "remote" | "ref" | "checksum">);

/** One of a graph that nothing says it of yet. */
interface OpenSource {
  readonly op: Source;
  readonly vertex: Vertex;
  readonly section: Record<string, string>;
  readonly key: string;
}

/** Finds what a source is now: the digest of a URL's bytes, the commit of a ref. `at` tells where it stands. */
export type FindSource = (source: Source, at?: Vertex["at"]) => Promise<string>;

/** What the names in a Dockerfile stand for, of tsbuild.lock or as it was found out in this build. */
export class SourceLock {
  readonly #path: string;
  readonly #mode: Mode;
  /** All that the file has, and all that counts in this build. */
  readonly #file: LockedSources | undefined;
  readonly #sources: Record<keyof LockedSources, Record<string, string>>;

  constructor(path: string, mode: Mode) {
    this.#path = path;
    this.#mode = mode;
    this.#file = mode === "memory" ? undefined : readLockFile(path);
    if (mode === "frozen" && this.#file === undefined) {
      throw new TsbuildError("LOCK_OUTDATED", `Cannot use --frozen: there is no "${path}"`, {
        hint: "write it with --lock",
      });
    }
    const known = mode === "update" ? undefined : this.#file;
    this.#sources = { images: { ...known?.images }, urls: { ...known?.urls }, git: { ...known?.git } };
  }

  get pins(): Pins {
    const { urls, git } = this.#sources;
    return { urls, git };
  }

  /** Images by the digests of the lock; what it does not have yet is asked for and added. */
  images(options: BaseImageOptions, unlocked: BaseImages): BaseImages {
    const asked = this.#mode === "update" ? { ...options, policy: "always" as const } : options;
    const asking = new Map<string, Promise<Digest>>();
    return {
      resolve: async (text, platform) => {
        if (options.layouts.has(text)) return unlocked.resolve(text, platform);
        const reference = withDefaultTag(parseReference(text));
        const name = formatReference(reference);
        const isLocked = name in this.#sources.images;
        const asIs = this.#mode === "memory" || (this.#mode === "read" && !isLocked);
        if (reference.digest !== undefined || asIs) return unlocked.resolve(text, platform);
        if (!isLocked) {
          if (this.#mode === "frozen") throw this.#missing(name);
          // Two platforms of one name are to be of one index, even if the name moves on in between.
          const finding = asking.get(name) ?? findImage(asked, reference, platform).then(({ top }) => top);
          asking.set(name, finding);
          this.#sources.images[name] = await finding;
        }
        const digest = this.#sources.images[name] as Digest;
        // What was built here has that digest under its own name alone.
        const isCurrent = options.names.get(name)?.digest === digest;
        const { manifest, config } =
          (isCurrent ? localImage(options.store, reference, platform, options.names) : undefined) ??
          (await findImage({ ...options, policy: "missing" }, { ...reference, digest }, platform));
        return { reference: name, manifest: manifest.digest, config };
      },
    };
  }

  /** Finds out what the sources of a graph are that nothing says it of; true where there were some. */
  async complete(vertices: readonly Vertex[], find: FindSource): Promise<boolean> {
    if (this.#mode === "read") return false;
    const open = vertices.flatMap((vertex): readonly OpenSource[] => {
      const { op } = vertex;
      if ((op.type !== "http" && op.type !== "git") || isPinned(op)) return [];
      return op.type === "http"
        ? [{ op, vertex, section: this.#sources.urls, key: urlKey(op.url) }]
        : [{ op, vertex, section: this.#sources.git, key: gitKey(op) }];
    });
    const [first] = open;
    if (first === undefined) return false;
    if (this.#mode === "frozen") {
      throw this.#missing(
        first.key,
        open.flatMap(({ vertex, key }) => diagnosticOf(vertex, `"${redact(key)}" is not in ${LOCK_NAME}`)),
      );
    }
    await Promise.all(
      open.map(async ({ op, vertex, section, key }) => {
        section[key] = await find(op, vertex.at);
      }),
    );
    return true;
  }

  /** A context that is fetched, as the lock has it; what it does not have yet is asked for and added. */
  async context(place: FetchedPlace, find: FindSource): Promise<FetchedPlace> {
    if (this.#mode === "memory" || place.kind === "stdin") return place;
    if (place.kind === "git") {
      const { git } = place;
      if (isPinned(git)) return place;
      const commit = await this.#contextPin("git", gitKey(git), { type: "git", ...git }, find);
      return commit === undefined ? place : { ...place, git: { ...git, ref: commit } };
    }
    const { href: url } = place.url;
    const digest = await this.#contextPin("urls", urlKey(url), { type: "http", url }, find);
    return isDigest(digest) ? { ...place, checksum: digest } : place;
  }

  async #contextPin(
    section: "urls" | "git",
    key: string,
    source: Source,
    find: FindSource,
  ): Promise<string | undefined> {
    const known = this.#sources[section][key];
    if (known !== undefined || this.#mode === "read") return known;
    if (this.#mode === "frozen") throw this.#missing(redact(key));
    return (this.#sources[section][key] = await find(source));
  }

  /**
   * Writes the file, where that is what was asked for, and says what is new in it. What other Dockerfiles beside it need
   * stays.
   */
  save(): string | undefined {
    if (this.#mode !== "lock" && this.#mode !== "update") return undefined;
    const { images, urls, git } = this.#sources;
    const old = this.#file ?? { images: {}, urls: {}, git: {} };
    writeLockFile(this.#path, {
      images: { ...old.images, ...images },
      urls: { ...old.urls, ...urls },
      git: { ...old.git, ...git },
    });
    const changes = SECTIONS.flatMap((section) =>
      Object.entries(this.#sources[section]).flatMap(([key, value]) => {
        const before = old[section][key];
        return before === value ? [] : [before === undefined ? "added" : "changed"];
      }),
    );
    const count = (what: string): number => changes.filter((change) => change === what).length;
    if (changes.length === 0) return undefined;
    return `${LOCK_NAME} is written: ${count("added")} added, ${count("changed")} changed`;
  }

  #missing(key: string, diagnostics: readonly Diagnostic[] = []): TsbuildError {
    return new TsbuildError(
      "LOCK_OUTDATED",
      `Cannot use ${key}: ${LOCK_NAME} does not have it, and --frozen takes nothing else`,
      { hint: "run once with --lock, and check the file in", diagnostics },
    );
  }
}

/** The lock that a build goes by; undefined where it goes by none. */
export function openLock(options: BuildOptions): SourceLock | undefined {
  const { lock, offline = false, attest } = options;
  // What a provenance tells of URLs and repositories has to be what was used: it is found out first, and held to.
  if (lock === undefined && !offline) return attest?.provenance && new SourceLock(LOCK_NAME, "memory");
  const directory = lockDirectory(options);
  if (directory === undefined) {
    if (lock === undefined) return undefined;
    const flag = { lock: "--lock", frozen: "--frozen", update: "--update-lock" }[lock];
    throw new TsbuildError("USAGE", `Cannot use ${flag}: the Dockerfile comes on standard input`, {
      hint: `${LOCK_NAME} lies beside the Dockerfile: name one with --file`,
    });
  }
  return new SourceLock(resolve(directory, LOCK_NAME), lock ?? "read");
}

/** Beside the Dockerfile; where that is fetched in PATH, or where PATH is fetched whole. */
function lockDirectory({ context, dockerfile }: BuildOptions): string | undefined {
  const { kind } = placeOf(context);
  if (kind === "stdin" || dockerfile === "-") return undefined;
  if (kind !== "directory") return ".";
  const isNamed = dockerfile !== undefined && !/^https?:\/\//i.test(dockerfile);
  return isNamed ? dirname(dockerfile) : context;
}

function diagnosticOf({ at }: Vertex, message: string): readonly Diagnostic[] {
  return at === undefined ? [] : [{ severity: "error", rule: "LOCK_OUTDATED", message, ...at }];
}
