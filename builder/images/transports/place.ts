import { TsbuildError } from "../../core/errors.ts";
import { didYouMean } from "../../core/suggest.ts";
import { parseReference, type Reference } from "../../image/reference.ts";

/** Where `copy` takes an image from or brings it to: the words of containers-transports(5). */
export type Place =
  | { readonly kind: "registry"; readonly reference: Reference }
  | { readonly kind: "store"; readonly name: string }
  | { readonly kind: "dir"; readonly path: string }
  | {
      readonly kind: "oci" | "oci-archive" | "docker-archive";
      readonly path: string;
      readonly name?: string;
    };

const FILES = ["oci", "oci-archive", "docker-archive"] as const;
const KINDS = ["docker://", "store:", "dir:", ...FILES.map((kind) => `${kind}:`)];
/** skopeo's that are not here. */
const OTHERS: ReadonlySet<string> = new Set([
  "docker-daemon",
  "containers-storage",
  "sif",
  "ostree",
  "tarball",
]);

/** Reads `docker://NAME` or NAME, `store:NAME`, `dir:DIR`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`, `docker-archive:FILE[:NAME]`. */
export function parsePlace(text: string): Place {
  if (text.startsWith("docker://")) return { kind: "registry", reference: parseReference(text.slice(9)) };
  const colon = text.indexOf(":");
  const word = text.slice(0, Math.max(colon, 0));
  const rest = text.slice(colon + 1);
  if (word === "store") return { kind: "store", name: rest };
  if (word === "dir") {
    if (rest === "") throw new TsbuildError("USAGE", `Cannot use "${text}": the path is missing`);
    return { kind: "dir", path: rest };
  }
  const kind = FILES.find((one) => one === word);
  if (kind !== undefined) {
    const split = rest.indexOf(":");
    const path = split < 0 ? rest : rest.slice(0, split);
    const name = split < 0 ? "" : rest.slice(split + 1);
    if (path === "") throw new TsbuildError("USAGE", `Cannot use "${text}": the path is missing`);
    return { kind, path, ...(name === "" ? {} : { name }) };
  }
  if (OTHERS.has(word) || text.includes("://")) {
    throw new TsbuildError(
      "UNSUPPORTED",
      `Cannot use "${text}": tsbuild copies from and to ${KINDS.join(", ")}`,
      {
        hint: didYouMean(word, KINDS),
      },
    );
  }
  return { kind: "registry", reference: parseReference(text) };
}
