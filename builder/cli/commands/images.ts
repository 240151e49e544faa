import { hexOf, shortDigest } from "../../core/digest.ts";
import { formatBytes } from "../../progress/units.ts";
import type { ImageSummary } from "../../types.ts";
import { age } from "../age.ts";
import { command } from "../command.ts";
import { table } from "../table.ts";
import { withStore } from "../with-tsbuild.ts";

/** `tsbuild images`. */
export const imagesCommand = command({
  name: "images",
  usage: "images [OPTIONS] [NAME[:TAG]]",
  summary: "List the images of the store",
  flags: {
    quiet: { short: "q", doc: "Print the image ids and nothing else" },
    "no-trunc": { doc: "Show whole ids" },
    digests: { doc: "Show the digests of the manifests" },
    json: { doc: "Print JSON" },
  },
  missing: {
    "all|a": "there are no unnamed images to hide",
    "filter|f": undefined,
    format: "--json prints it all",
    tree: undefined,
  },
  operands: { min: 0, max: 1, name: "NAME" },
  examples: [
    ["tsbuild images", "lists all images"],
    ["tsbuild images --json | jq -r '.[].name'", "lists their names"],
  ],
  async execute(flags, [wanted], session) {
    const all = await withStore(session, (tsbuild) => tsbuild.images());
    const images = wanted === undefined ? all : all.filter((image) => matches(image, wanted));
    session.io.stdout.write(listing(images, flags, Date.now()));
    return 0;
  },
});

interface Listing {
  readonly quiet: boolean;
  readonly "no-trunc": boolean;
  readonly digests: boolean;
  readonly json: boolean;
}

/** The images as text. */
export function listing(images: readonly ImageSummary[], flags: Listing, now: number): string {
  const id = (image: ImageSummary): string => (flags["no-trunc"] ? image.id : shortDigest(image.id));
  if (flags.json) return `${JSON.stringify(images, undefined, 2)}\n`;
  if (flags.quiet) return [...new Set(images.map(id))].map((line) => `${line}\n`).join("");
  const header = ["REPOSITORY", "TAG", ...(flags.digests ? ["DIGEST"] : []), "IMAGE ID", "CREATED", "SIZE"];
  const rows = images.map((image) => {
    const { repository, tag } = splitName(image.name);
    const digest = flags.digests ? [image.digest] : [];
    return [repository, tag, ...digest, id(image), age(image.created, now), formatBytes(image.size)];
  });
  return table(header, rows);
}

const DOCKER_HUB = /^docker\.io\/(?:library\/)?/;

/** A name without what docker leaves out: the Hub's own host and namespace. */
function splitName(name: string): { readonly repository: string; readonly tag: string } {
  const short = name.replace(DOCKER_HUB, "");
  const at = short.indexOf("@");
  if (at >= 0) return { repository: short.slice(0, at), tag: "<none>" };
  const colon = short.lastIndexOf(":");
  if (colon < 0 || short.includes("/", colon)) return { repository: short, tag: "<none>" };
  return { repository: short.slice(0, colon), tag: short.slice(colon + 1) };
}

function matches(image: ImageSummary, wanted: string): boolean {
  const { repository, tag } = splitName(image.name);
  const want = splitName(wanted);
  if (hexOf(image.id).startsWith(wanted)) return true;
  return repository === want.repository && (want.tag === "<none>" || tag === want.tag);
}
