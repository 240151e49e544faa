import { hexOf, shortDigest } from "../../core/digest.ts";
import { formatBytes } from "../../core/units.ts";
import type { ImageSummary } from "../../api/types.ts";
import { age } from "../age.ts";
import { command } from "../command.ts";
import { familiarName, splitName } from "../familiar.ts";
import { DOCKER_COLUMN, table } from "../table.ts";
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
    session.io.stdout.write(listing([...images].sort(newestFirst), flags, Date.now()));
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
    const { repository, tag } = splitName(familiarName(image.name));
    const digest = flags.digests ? [image.digest] : [];
    return [
      repository,
      tag ?? "<none>",
      ...digest,
      id(image),
      age(image.created, now),
      formatBytes(image.size),
    ];
  });
  return table(header, rows, DOCKER_COLUMN);
}

/** Newest first, as docker does. */
function newestFirst(a: ImageSummary, b: ImageSummary): number {
  return (b.created ?? "").localeCompare(a.created ?? "") || a.name.localeCompare(b.name);
}

/** Whether an image is meant by `NAME`, `NAME:TAG` or the beginning of an id. */
function matches(image: ImageSummary, wanted: string): boolean {
  if (hexOf(image.id).startsWith(wanted)) return true;
  const want = splitName(familiarName(wanted));
  const { repository, tag } = splitName(familiarName(image.name));
  return repository === want.repository && (want.tag === undefined || tag === want.tag);
}
