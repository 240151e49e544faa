import { TsbuildError } from "../../../core/errors.ts";
import { didYouMean } from "../../../core/suggest.ts";
import type { AttestRequest } from "../../../api/types.ts";
import { csvPairs } from "../../csv.ts";
import { usageError } from "../../flags.ts";

const KNOWN: ReadonlyMap<string, readonly string[]> = new Map([
  ["provenance", ["mode", "builder-id", "version", "disabled", "reproducible", "inline-only"]],
  ["sbom", ["generator", "disabled"]],
]);
const MODES = ["min", "max"] as const;

/** --attest, --provenance and --sbom, as buildx reads them; undefined where nothing is asked for, or all is disabled. */
export function parseAttestations(
  attest: readonly string[],
  provenance: string | undefined,
  sbom: string | undefined,
): AttestRequest | undefined {
  const given = attest.map((text) => ({ flag: `--attest ${text}`, text }));
  if (provenance !== undefined)
    given.push({ flag: `--provenance=${provenance}`, text: expand("provenance", provenance) });
  if (sbom !== undefined) given.push({ flag: `--sbom=${sbom}`, text: expand("sbom", sbom) });
  const found = new Map<string, ReadonlyMap<string, string>>();
  for (const { flag, text } of given) {
    const pairs = csvPairs(text);
    const type = pairs.get("type");
    if (type === undefined) throw refuse(flag, "type is missing", "write type=provenance or type=sbom");
    check(flag, type, pairs);
    if (found.has(type)) throw refuse(flag, `${type} was asked for already`, "say it once");
    found.set(type, pairs);
  }
  const wanted = (type: string): ReadonlyMap<string, string> | undefined => {
    const pairs = found.get(type);
    return pairs !== undefined && isTrue(pairs.get("disabled")) ? undefined : pairs;
  };
  const how = wanted("provenance");
  const isSbom = wanted("sbom") !== undefined;
  if (how === undefined) return isSbom ? { sbom: true } : undefined;
  const builderId = how.get("builder-id");
  const mode = MODES.find((one) => one === (how.get("mode") ?? "min")) ?? "min";
  return { provenance: { mode, ...(builderId === undefined ? {} : { builderId }) }, sbom: isSbom };
}

/** `true`, `false`, or attributes. */
function expand(type: string, text: string): string {
  if (isTrue(text)) return `type=${type}`;
  if (/^(0|f|false)$/i.test(text)) return `type=${type},disabled=true`;
  return `type=${type},${text}`;
}

function check(flag: string, type: string, pairs: ReadonlyMap<string, string>): void {
  const known = KNOWN.get(type);
  if (known === undefined)
    throw refuse(flag, `type "${type}" is none of provenance, sbom`, didYouMean(type, [...KNOWN.keys()]));
  for (const key of pairs.keys()) {
    if (key !== "type" && !known.includes(key))
      throw refuse(flag, `"${key}" is not known`, didYouMean(key, known));
  }
  const mode = pairs.get("mode");
  if (mode !== undefined && !MODES.some((one) => one === mode))
    throw refuse(flag, `mode "${mode}" is neither min nor max`);
  const version = pairs.get("version");
  if (version !== undefined && version !== "v1")
    throw unsupported(
      flag,
      "provenance is written as SLSA v1 has it",
      "leave version out, or write version=v1",
    );
  if (pairs.has("generator"))
    throw unsupported(flag, "tsbuild reads the packages of an image itself", "leave generator out");
  for (const key of ["reproducible", "inline-only"]) {
    if (isTrue(pairs.get(key))) throw unsupported(flag, `"${key}" is not supported`, `leave ${key} out`);
  }
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(1|t|true)$/i.test(text);
}

function refuse(flag: string, state: string, hint?: string): TsbuildError {
  return usageError("build", `Cannot use ${flag}: ${state}`, hint);
}

function unsupported(flag: string, state: string, hint: string): TsbuildError {
  return new TsbuildError("UNSUPPORTED", `Cannot use ${flag}: ${state}`, { hint });
}
