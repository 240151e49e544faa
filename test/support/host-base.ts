import { join } from "node:path";
import { makeBaseImage } from "../../fixtures/base-image.ts";
import type { Rig } from "./rig.ts";

/** Makes the base image of the demo in a rig: this machine's node and a shell. Gives the flags that name it `base`. */
export async function hostBase(rig: Rig): Promise<string[]> {
  const layout = join(rig.directory, "base");
  await makeBaseImage(layout, "base");
  return ["--build-context", `base=oci-layout://${layout}`];
}
