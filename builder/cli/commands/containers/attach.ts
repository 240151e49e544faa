import { command } from "../../command.ts";
import { ATTACH_FLAGS, attachTo } from "./attaching.ts";

/** `tsbuild attach`. */
export const attachCommand = command({
  name: "attach",
  usage: "attach [OPTIONS] CONTAINER",
  summary: "Show what a container says from now on, and end as it does",
  flags: {
    "no-stdin": { doc: "Show its output alone" },
    ...ATTACH_FLAGS,
  },
  operands: { min: 1, max: 1, name: "CONTAINER" },
  examples: [
    ["tsbuild attach web", "shows its output until it ends; Ctrl-C stops it"],
    ["tsbuild attach shell", "goes on in one of run -dit; Ctrl-P Ctrl-Q leaves it again"],
  ],
  async execute(flags, [name = ""], session) {
    return attachTo(session, "attach", name, { ...flags, interactive: !flags["no-stdin"] });
  },
});
