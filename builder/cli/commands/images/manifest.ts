import { TsbuildError } from "../../../core/errors.ts";
import { parseJson } from "../../../core/json.ts";
import { command } from "../../command.ts";
import { withStore } from "../../with-tsbuild.ts";

/** `tsbuild manifest`. */
export const manifestCommand = command({
  name: "manifest",
  usage: "manifest [inspect] [OPTIONS] NAME[:TAG|@DIGEST]",
  summary: "Show the manifest that a name leads to",
  flags: { raw: { doc: "Print its bytes as they are: what its digest is of" } },
  missing: {
    "verbose|v": undefined,
    insecure: 'write insecure = true below [registry."HOST"] in the configuration',
  },
  operands: { min: 1, max: 2, name: "NAME", first: ["inspect"] },
  examples: [
    ["tsbuild manifest debian:12", "shows the index of all platforms at its registry"],
    ["tsbuild manifest --raw store:app | sha256sum", "takes the digest of an image of the store"],
  ],
  async execute({ raw }, operands, session) {
    const [first = "", second] = operands;
    if (second !== undefined && first !== "inspect") {
      throw new TsbuildError("USAGE", `Cannot ${first} a manifest: there is inspect alone`, {
        hint: "tsbuild manifest NAME shows one",
      });
    }
    const bytes = await withStore(session, (tsbuild) => tsbuild.manifest(second ?? first, session.signal));
    if (raw) session.io.stdout.write(bytes);
    else session.io.stdout.write(`${JSON.stringify(parseJson(bytes, "the manifest"), undefined, 2)}\n`);
    return 0;
  },
});
