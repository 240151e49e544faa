import { join } from "node:path";
import { baseLayout } from "./base-layout.ts";
import type { Rig } from "./rig.ts";

/** Makes the base image of the demo in a rig: this machine's node and a shell. Gives the flags that name it `base`. */
export async function hostBase(rig: Rig): Promise<string[]> {
  const layout = join(rig.directory, "base");
  await baseLayout(layout);
  return ["--build-context", `base=oci-layout://${layout}`];
}
