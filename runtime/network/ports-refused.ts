import { TsbuildError } from "../../builder/core/errors.ts";
import type { PublishedPort } from "./types.ts";

const LEAST_UNPRIVILEGED = 1024;

/** That ports of this machine could not be taken: by the one who asks, or because somebody has them. */
export function portsRefused(
  ports: readonly PublishedPort[],
  reason = "this machine does not let it be taken",
  cause?: unknown,
): TsbuildError {
  const numbers = ports.map(({ host }) => host);
  const least = Math.min(...numbers);
  const hint =
    process.getuid?.() !== 0 && least < LEAST_UNPRIVILEGED
      ? `ports below ${LEAST_UNPRIVILEGED} are root's: take another one, or as root: sysctl net.ipv4.ip_unprivileged_port_start=${least}`
      : "take another port of this machine; ss -lntup shows who has which";
  return new TsbuildError("SANDBOX", `Cannot publish port ${numbers.join(", ")}: ${reason}`, { cause, hint });
}
