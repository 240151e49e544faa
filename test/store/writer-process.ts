import { sha256 } from "../../builder/core/digest.ts";
import { openStore } from "../../builder/store/open.ts";

// A process of its own that uses a store: `refs ROOT NAME COUNT` names and unnames images and ends; `crash ROOT` writes
// without end, to be killed.
const [mode, root = "", name = "", count = "0"] = process.argv.slice(2);
const store = openStore({ root, env: {} });
const target = (content: string) =>
  ({ mediaType: "application/x", digest: sha256(content), size: 1, time: 1, origin: "built" }) as const;

if (mode === "refs") {
  for (let round = 0; round < Number(count); round++) {
    store.refs.set(`${name}:${round}`, target(`${name}${round}`));
    if (round % 3 === 1) store.refs.delete(`${name}:${round - 1}`);
  }
  await store.close();
} else {
  for (let round = 0; ; round++) {
    using writer = store.blobs.create();
    for (let piece = 0; piece < 8; piece++) writer.write(Buffer.alloc(1 << 19, round + piece));
    const { digest, size } = writer.commit();
    store.layers.update(digest as never, { size });
    store.refs.set(`crash:${round % 50}`, { ...target(""), digest, size });
    if (round === 1) process.stdout.write("at work\n");
  }
}
