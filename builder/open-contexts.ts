import { sha256, hexOf } from "./core/digest.ts";
import { resolve } from "node:path";
import { TsbuildError } from "./core/errors.ts";
import { openLocalContext } from "./context/local.ts";
import type { BuildContext } from "./context/types.ts";
import type { Store } from "./store/types.ts";
import type { BuildOptions } from "./types.ts";

/** The contexts of a build by name, and images that stand in for others. */
export interface Contexts {
  readonly main: BuildContext;
  get(name: string): BuildContext;
  /** `--build-context NAME=oci-layout://DIR`. */
  readonly layouts: ReadonlyMap<string, string>;
  /** Keeps what was learnt of the files for the next build. */
  save(): void;
}

/** Opens what the command line names; nothing in it is read yet. */
export function openContexts(store: Store, options: BuildOptions): Contexts {
  const directory = resolve(options.context);
  const main = openLocalContext({
    directory: options.context,
    indexFile: store.path("context", hexOf(sha256(directory))),
    ...(options.dockerfile === undefined || options.dockerfile === "-"
      ? {}
      : { dockerfilePath: options.dockerfile }),
  });
  const layouts = new Map<string, string>();
  for (const [name, source] of Object.entries(options.contexts ?? {})) {
    if (!source.startsWith("oci-layout://")) {
      throw new TsbuildError(
        "UNSUPPORTED",
        `Cannot use build context "${name}": "${source}" is not supported yet`,
        {
          hint: "oci-layout://DIRECTORY is",
        },
      );
    }
    layouts.set(name, source);
  }
  return {
    main,
    layouts,
    get(name) {
      if (name === "") return main;
      throw new TsbuildError("INTERNAL", `Cannot find build context "${name}"`);
    },
    save: () => main.saveIndex(),
  };
}
