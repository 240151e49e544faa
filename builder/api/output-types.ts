import type { ImageForm } from "../outputs/form.ts";

/** --output: where a build's result goes. `dest` "-" is standard output. */
export type OutputSpec =
  | ImageOutput
  | {
      readonly type: "oci" | "docker";
      readonly dest: string;
      /** A directory in place of an archive: tar=false. */
      readonly directory: boolean;
      readonly names: readonly string[];
      readonly form: ImageForm;
    }
  | { readonly type: "tar"; readonly dest: string; readonly split?: boolean }
  | {
      readonly type: "local";
      readonly dest: string;
      /** Removes what is in the directory and not in the result: mode=delete. */
      readonly clear: boolean;
      /** A directory for each platform; where undefined, only if there are several: platform-split. */
      readonly split?: boolean;
    }
  /** Nowhere: its steps are run and kept in the cache. */
  | { readonly type: "cacheonly" };

/** The store, a registry, or both. */
export interface ImageOutput {
  readonly type: "image";
  readonly names: readonly string[];
  readonly store: boolean;
  readonly push: boolean;
  /** Pushes without a tag: push-by-digest. */
  readonly byDigest: boolean;
  /** In the store under NAME@DIGEST as well: name-canonical. */
  readonly canonical: boolean;
  /** What an image without a name is called, before @DIGEST: dangling-name-prefix. */
  readonly danglingPrefix?: string;
  /** Unpacks its layers now: unpack. */
  readonly unpack: boolean;
  readonly form: ImageForm;
}
