import { hexOf, shortDigest } from "../../../core/digest.ts";
import { formatBytes } from "../../../core/units.ts";
import type { ImageSummary } from "../../../api/image-types.ts";
import { age } from "../../age.ts";
import { command } from "../../command.ts";
import { familiarName, splitName } from "../../familiar.ts";
import { formatRows } from "../../format-rows.ts";
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
      doc: "Print a table, json for a line of JSON each, or a template like {{.Repository}}",
      default: "table",
    },
  },
  missing: { "all|a": "all images are shown", tree: undefined },
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
    const now = Date.now();
    const text =
      format === "table" || flags.quiet || flags.json
        ? listing(images, flags, now)
        : formatRows("images", format, rowsOf(images, flags["no-trunc"], now), {
            header: HEADER,
            columns: "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
          });
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

/** What `docker images` has fields for. */
function rowsOf(images: readonly ImageSummary[], full: boolean, now: number): object[] {
  return images.map((image) => {
    const { repository, tag } = splitName(familiarName(image.name));
    return {
      Containers: "N/A",
      CreatedAt: image.created,
      CreatedSince: age(image.created, now),
      Digest: image.digest,
      ID: full ? image.id : shortDigest(image.id),
      Repository: repository,
      SharedSize: formatBytes(image.shared),
      Size: formatBytes(image.size),
      Tag: tag ?? "<none>",
      UniqueSize: formatBytes(image.size - image.shared),
    };
  });
}

const HEADER = {
  Containers: "CONTAINERS",
  CreatedAt: "CREATED AT",
  CreatedSince: "CREATED",
  Digest: "DIGEST",
  ID: "IMAGE ID",
  Repository: "REPOSITORY",
  SharedSize: "SHARED SIZE",
  Size: "SIZE",
  Tag: "TAG",
  UniqueSize: "UNIQUE SIZE",
};

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
