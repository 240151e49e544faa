import { TsbuildError } from "../../builder/core/errors.ts";
import type { HelperOptions } from "../helper/start.ts";
import type { Helper } from "../types.ts";
import { thisMachine } from "./machine.ts";
import { isolationLevels, type Isolation } from "./probe.ts";

export interface OpenedIsolation {
  readonly isolation: Isolation;
  readonly helper: Helper;
  /** Resolves when the helper is well. It may be given commands before: each of them fails where it is not. */
  readonly ready: Promise<void>;
}

/** Starts the helper at the best level that works for a store in this directory. */
export function openIsolation(
  options: Pick<HelperOptions, "binary" | "lanes">,
  store: string,
): Promise<OpenedIsolation> {
  return openFirst(options, isolationLevels(thisMachine(store)));
}

/**
 * What the kernel refuses is known for sure when it was tried. Where steps can be run without namespaces, these are
 * tried whole, with the mounts that steps need; else the first step does it.
 */
async function openFirst(
  options: Pick<HelperOptions, "binary" | "lanes">,
  [best, ...lesser]: readonly [Isolation, ...Isolation[]],
): Promise<OpenedIsolation> {
  const { idMaps, level, missing } = best;
  if (level === "none") {
    const [obstacle] = missing;
    throw new TsbuildError(
      "SANDBOX",
      `Cannot run steps here: ${obstacle?.what ?? "no namespaces can be made"}`,
      { hint: obstacle?.fix },
    );
  }
  const { startHelper } = await import("../helper/start.ts");
  try {
    const { helper, ready } = startHelper({
      ...options,
      ...(idMaps && { idMaps, tried: lesser.some((one) => one.level === "chroot") }),
      ...(level === "chroot" && { plain: true }),
    });
    // Where nothing else is to be tried, there is no reason to wait.
    if (lesser.length > 0) await ready;
    return { isolation: best, helper, ready };
  } catch (error) {
    const [next, ...rest] = lesser;
    if (next === undefined || !(error instanceof TsbuildError) || error.code !== "SANDBOX") throw error;
    const obstacle = { what: error.message, fix: error.hint ?? "" };
    return openFirst(options, [{ ...next, missing: [obstacle, ...next.missing] }, ...rest]);
  }
}
