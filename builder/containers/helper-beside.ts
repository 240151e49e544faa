import { TsbuildError } from "../core/errors.ts";
import { probeIsolation } from "../../runtime/isolation/probe.ts";
import type { Helper } from "../../runtime/types.ts";
import type { Started } from "../api/container-types.ts";
import type { ContainerServices } from "./types.ts";

/** A helper of its own, in the user namespace of the container's supervisor where that is not ours. */
export async function helperBeside(
  { env }: Pick<ContainerServices, "env">,
  { supervisor }: Started,
): Promise<Helper> {
  const { level, idMaps } = probeIsolation();
  if (level === "chroot" || level === "none") {
    throw new TsbuildError("SANDBOX", "Cannot enter a container here: it has no namespaces", {
      hint: "tsbuild doctor says which setting allows them",
    });
  }
  const { openHelper } = await import("../../runtime/helper/start.ts");
  const binary = env["TSBUILD_HELPER"];
  return openHelper({
    ...(binary && { binary }),
    ...(idMaps && { idMaps }),
    ...(level === "root" ? {} : { userNamespace: `/proc/${supervisor}/ns/user` }),
    lanes: 4,
  });
}
