import { TsbuildError } from "../core/errors.ts";
import { formatReference, parseReference, withDefaultTag } from "../image/reference.ts";
import { parseManifestOrIndex } from "../image/manifest.ts";
import type { Session } from "../session/session.ts";
import { readArchive } from "./transports/open-archive.ts";
import { writeToStore } from "./transports/store-target.ts";
import type { LoadedImage, LoadOptions } from "../api/image-types.ts";

/** Takes the images of an archive into the store, under the names that they have there. */
export async function loadImages(session: Session, options: LoadOptions): Promise<readonly LoadedImage[]> {
  const { source, label, name, signal } = options;
  const trees = await readArchive(session.store, until(signal, source), label);
  if (name !== undefined && trees.length !== 1) {
    throw new TsbuildError("USAGE", `Cannot name the image of ${label}: it has ${trees.length} images`, {
      hint: "leave out --tag: they have names of their own",
    });
  }
  const given = name === undefined ? [] : [formatReference(withDefaultTag(parseReference(name)))];
  const loaded: LoadedImage[] = [];
  for (const { tree, names } of trees) {
    const all = [...new Set([...names, ...given])];
    // Without a name it is found by its id.
    const refs = all.length > 0 ? all : [tree.top.descriptor.digest];
    await writeToStore(session.store, tree, refs, "pulled", signal);
    const document = parseManifestOrIndex(tree.top.raw, tree.top.descriptor.mediaType);
    loaded.push({ names: all, id: "config" in document ? document.config.digest : document.digest });
  }
  await session.makeDurable();
  return loaded;
}

/** Who reads from a pipe waits long for nothing: the one end of it is that somebody gives up. */
async function* until(signal: AbortSignal, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of source) {
      signal.throwIfAborted();
      yield chunk;
    }
  } finally {
    signal.throwIfAborted();
  }
}
