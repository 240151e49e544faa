import { TsbuildError } from "../core/errors.ts";
import { withDefaultTag } from "../image/reference.ts";
import type { Session } from "../session/session.ts";
import { findStored } from "./images.ts";
import { parsePlace } from "./transports/place.ts";

/** The manifest or index that a name leads to, byte for byte: of a registry, or of `store:NAME`. */
export async function imageManifest(session: Session, text: string, signal: AbortSignal): Promise<Buffer> {
  const place = parsePlace(text);
  switch (place.kind) {
    case "registry": {
      const { registry, repository, tag, digest } = withDefaultTag(place.reference);
      const client = await session.registry();
      const fetched = await client.getManifest(
        { registry, name: repository },
        digest ?? tag ?? "latest",
        signal,
      );
      return fetched.raw;
    }
    case "store":
      return session.store.blobs.read(findStored(session.store, place.name).target.digest);
    default:
      throw new TsbuildError(
        "USAGE",
        `Cannot show the manifest of "${text}": it is no name of a registry or of the store`,
        {
          hint: "write NAME, or store:NAME",
        },
      );
  }
}
