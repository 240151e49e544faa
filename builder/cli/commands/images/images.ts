import { hexOf, shortDigest } from "../../../core/digest.ts";
import { formatBytes } from "../../../core/units.ts";
import type { ImageSummary } from "../../../api/image-types.ts";
import { age } from "../../age.ts";
import { command } from "../../command.ts";
import { familiarName, splitName } from "../../familiar.ts";
import { usageError } from "../../flags.ts";
import { imageFilter } from "./image-filters.ts";
import { DOCKER_COLUMN, table } from "../../table.ts";
import { withStore } from "../../with-tsbuild.ts";

/** `tsbuild images`. */
export const imagesCommand = command({
  name: "images",
  usage: "images [OPTIONS] [NAME[:TAG]]",
  summary: "List the images of the store",
  flags: {
    quiet: { short: "q", doc: "Print the image ids and nothing else" },
    "no-trunc": { doc: "Show whole ids" },
    digests: { doc: "Show the digests of the manifests" },
    filter: {
      short: "f",
      value: "KEY=VALUE",
      repeat: true,
      doc: "List those alone with reference=PATTERN, dangling=true|false, before=IMAGE or since=IMAGE",
    },
    json: { doc: "Print JSON" },
    format: {
      value: "FORMAT",
      doc: "Print a table, or json: docker's, an object on each line",
      default: "table",
    },
  },
  missing: { "all|a": "there are no unnamed images to hide", tree: undefined },
  operands: { min: 0, max: 1, name: "NAME" },
  examples: [
    ["tsbuild images", "lists all images"],
    ["tsbuild images --json | jq -r '.[].name'", "lists their names"],
  ],
  async execute(flags, [wanted], session) {
    const all = await withStore(session, (tsbuild) => tsbuild.images());
    const keep = imageFilter(flags.filter, all);
    const images = all
      .filter((image) => keep(image) && (wanted === undefined || matches(image, wanted)))
      .sort(newestFirst);
    const { format = "table" } = flags;
    if (format !== "table" && format !== "json") {
      throw usageError(
        "images",
        `Cannot use --format ${format}: it is neither table nor json`,
        "write --format json, and pipe it to jq",
      );
    }
    const text = format === "json" ? dockerLines(images, Date.now()) : listing(images, flags, Date.now());
    session.io.stdout.write(text);
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
  const header = [
    "REPOSITORY",
    "TAG",
    ...(flags.digests ? ["DIGEST"] : []),
    "IMAGE ID",
    "CREATED",
    "SIZE",
    "SHARED",
  ];
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
      formatBytes(image.shared),
    ];
  });
  return table(header, rows, DOCKER_COLUMN);
}

/** What scripts read of `docker images --format json`. */
function dockerLines(images: readonly ImageSummary[], now: number): string {
  const lines = images.map((image) => {
    const { repository, tag } = splitName(familiarName(image.name));
    return JSON.stringify({
      Containers: "N/A",
      CreatedAt: image.created,
      CreatedSince: age(image.created, now),
      Digest: image.digest,
      ID: image.id,
      Repository: repository,
      SharedSize: formatBytes(image.shared),
      Size: formatBytes(image.size),
      Tag: tag ?? "<none>",
      UniqueSize: formatBytes(image.size - image.shared),
    });
  });
  return lines.map((line) => `${line}\n`).join("");
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
