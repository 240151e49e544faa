import { didYouMean } from "../../../core/suggest.ts";
import type { BuildOptions, Entitlement } from "../../../api/types.ts";
import { usageError } from "../../flags.ts";
import type { FlagValues } from "../../types.ts";
import { sandboxSettings } from "../limit-request.ts";
import type { SANDBOX_FLAGS } from "../sandbox-flags.ts";

const ENTITLEMENTS: readonly Entitlement[] = ["network.host", "security.insecure"];

/** Reads the flags that hold steps; nothing is allowed that is not spelt out. */
export function sandboxRequest(
  flags: FlagValues<typeof SANDBOX_FLAGS>,
): Pick<BuildOptions, "sandbox" | "allow"> {
  return { sandbox: sandboxSettings("build", flags), allow: flags.allow.map(entitlement) };
}

function entitlement(text: string): Entitlement {
  const known = ENTITLEMENTS.find((one) => one === text);
  if (known !== undefined) return known;
  throw usageError(
    "build",
    `Cannot use --allow ${text}: it is none of ${ENTITLEMENTS.join(", ")}`,
    didYouMean(text, ENTITLEMENTS),
  );
}
