import { TsbuildError } from "../core/errors.ts";
import type { Layer } from "../layers/types.ts";
import type { Store } from "../store/types.ts";
import { Archive } from "./archive.ts";
import { assembleSet, imageIdOf } from "./assemble-set.ts";
import { compressedBlob } from "./compress.ts";
import type { ImageForm } from "./form.ts";
import { outgoing, treeOf } from "./image-tree.ts";
import type { OutgoingLayer } from "./outgoing.ts";
import { writeLayout, type LayoutWriter } from "./layout.ts";
import { layoutDirectory } from "./layout-directory.ts";
import { writeWhole, type Sink } from "./sink.ts";
import type { Output } from "./types.ts";

export interface LayoutOptions {
  /** "docker" has manifest.json as well, which points into the layout: what `docker load` and `podman load` take. */
  readonly type: "oci" | "docker";
  readonly names: readonly string[];
  readonly form: ImageForm;
  readonly dest: string;
  /** Opens the archive; undefined: `dest` is to be a directory. */
  readonly open: (() => Sink) | undefined;
}

/** `--output type=oci` and `type=docker`, as archives or directories. */
export function layoutOutput(store: Store, options: LayoutOptions): Output {
  const { type, names, dest, open } = options;
  return {
    label: `writing ${type === "oci" ? "OCI" : "docker"} ${open ? "archive" : "layout"} ${dest}`,
    async write(images, { signal }) {
      if (type === "docker") refuseSeveral(images.length);
      const assembled = await assembleSet(images, options.form, (layer) =>
        layerOf(store, layer, options, signal),
      );
      const tree = treeOf(assembled);
      const entry = { tree, names, ...(type === "docker" && { forDocker: tree.top.raw }) };
      const fill = (writer: LayoutWriter): Promise<void> => writeLayout(writer, [entry]);
      if (open === undefined) await fill(layoutDirectory(dest));
      else await writeWhole(open, (sink) => fill(new Archive(sink)));
      const imageId = imageIdOf(assembled);
      const { descriptor } = assembled.top;
      return { ...(imageId && { imageId }), manifest: descriptor.digest, descriptor, names, path: dest };
    },
  };
}

/** docker unpacks what it loads: compressing it first, where nobody asks for it, would only take time. */
async function layerOf(
  store: Store,
  layer: Layer,
  { type, form }: LayoutOptions,
  signal: AbortSignal,
): Promise<OutgoingLayer> {
  const plain = type === "docker" && form.compression === undefined;
  return outgoing(await (plain ? layer.tar() : compressedBlob(store, layer, form, { signal })));
}

/** As BuildKit's docker exporter: an archive for docker is for one platform. */
export function refuseSeveral(count: number): void {
  if (count === 1) return;
  throw new TsbuildError(
    "USAGE",
    `Cannot write a docker archive: it takes an image for one platform, and there are ${count}`,
    { hint: "write type=oci, or name one --platform" },
  );
}
