import { TsbuildError } from "../../builder/core/errors.ts";
import type { HelperOptions } from "../helper/start.ts";
import type { Helper } from "../types.ts";
import { isolationLevels, type Isolation, type Obstacle } from "./probe.ts";

export interface OpenedIsolation {
  readonly isolation: Isolation;
  readonly helper: Helper;
}

/**
 * Starts the helper at the best level that works. What the kernel refuses is known for sure when it was tried, so where a
 * lesser level would do as well, the better one is tried out whole: namespaces, mounts and all.
 */
export async function openIsolation(
  options: Pick<HelperOptions, "binary" | "lanes">,
  [best, ...lesser]: readonly Isolation[] = isolationLevels(),
): Promise<OpenedIsolation> {
  if (best === undefined || best.level === "none") throw noneWorks(best?.missing[0]);
  const { startHelper } = await import("../helper/start.ts");
  const { idMaps, level } = best;
  try {
    const helper = await startHelper({
      ...options,
      ...(idMaps && { idMaps, tried: lesser.length > 0 }),
      ...(level === "chroot" && { plain: true }),
    });
    return { isolation: best, helper };
  } catch (error) {
    const [next, ...rest] = lesser;
    if (next === undefined || !(error instanceof TsbuildError) || error.code !== "SANDBOX") throw error;
    const obstacle = { what: error.message, fix: error.hint ?? "" };
    return openIsolation(options, [{ ...next, missing: [obstacle, ...next.missing] }, ...rest]);
  }
}

function noneWorks(obstacle: Obstacle | undefined): TsbuildError {
  return new TsbuildError(
    "SANDBOX",
    `Cannot run steps here: ${obstacle?.what ?? "no namespaces can be made"}`,
    {
      hint: obstacle?.fix,
    },
  );
}
