import type { Digest } from "../../core/digest.ts";
import type { ImageTree } from "../../outputs/image-tree.ts";

/** An image of an archive or layout, with what it is called there. */
export interface NamedTree {
  readonly tree: ImageTree;
  /** Full image names. */
  readonly names: readonly string[];
  /** A name within the layout alone. */
  readonly tag?: string | undefined;
}

/** The files of an image archive or a layout's directory, which somebody else made. */
export interface ImageFiles {
  /** What the user called it, for messages. */
  readonly label: string;
  /** Bytes of a regular file; undefined where there is none. Links within are followed, by name alone. */
  size(path: string): number | undefined;
  /** A document: small, whole. */
  read(path: string): Buffer;
  /** The digest, where it is known without reading the file. */
  digest(path: string): Digest | undefined;
  /** A file of its own on this machine, with the same bytes. */
  place(path: string): string;
}
