import { resolve } from "node:path";
import type { CopyEnd, CopyFilesOptions } from "../api/container-types.ts";
import type { Entry } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import { readTar } from "../layers/read-tar.ts";
import { TarWriter } from "../layers/tar-writer.ts";
import type { ApplyStream, FetchVisitor, Helper, TransferPlace } from "../../runtime/types.ts";
import { openRoot } from "./container-root.ts";
import { findSource, findTarget, refused } from "./copy-places.ts";
import type { ContainerServices } from "./types.ts";

/** Copies files between a container and this machine, or a tar; no path leads out of the container. */
export async function copyFiles(
  services: ContainerServices,
  from: CopyEnd,
  to: CopyEnd,
  options: CopyFilesOptions,
): Promise<void> {
  const [one, ...more] = [from, to].filter((end) => end.kind === "container");
  if (one === undefined || more.length > 0) {
    throw new TsbuildError(
      "USAGE",
      `Cannot copy files: ${one === undefined ? "neither side is a container" : "both sides are containers"}`,
      {
        hint:
          one === undefined
            ? "write CONTAINER:PATH on one side"
            : "go through a tar: tsbuild cp A:PATH - | tsbuild cp - B:PATH",
      },
    );
  }
  await using opened = await openRoot(services, one.container);
  const { helper, root } = opened;
  const place = (end: Exclude<CopyEnd, { kind: "tar" }>): TransferPlace =>
    end.kind === "container"
      ? { root, path: end.path.startsWith("/") ? end.path : `/${end.path}` }
      : { root: { kind: "directory", path: "/" }, path: absolute(end.path) };
  if (from.kind === "tar") {
    if (to.kind !== "tar") await takeTar(helper, place(to), options);
    return;
  }
  const source = await findSource(helper, place(from), options.follow);
  if (to.kind === "tar") {
    const tar = new TarWriter(options.output);
    await helper.fetch(source, { ...NO_WHITEOUTS, ...tarVisitor(tar) }, options.signal);
    tar.finish();
    return;
  }
  const target = await findTarget(helper, place(to), source);
  const owned = ownersFor(options.archive, to.kind === "host");
  const fetch = (visit: FetchVisitor, signal: AbortSignal): Promise<void> =>
    helper.fetch({ ...source, name: target.name }, visit, signal);
  await putAll(helper, target, options.signal, (stream, signal, drain) =>
    fetch(
      {
        ...NO_WHITEOUTS,
        entry: (entry) => stream.entry(owned(entry)),
        data: (chunk) => stream.data(chunk),
        drain,
      },
      signal,
    ),
  );
}

/** In a tar's order; the directory that it is unpacked in stays as it is. */
async function takeTar(helper: Helper, place: TransferPlace, options: CopyFilesOptions): Promise<void> {
  const entry = await helper.look(place, true);
  if (entry?.type !== "directory") throw refused("write to", place.path, "it is no directory");
  await putAll(helper, place, options.signal, (stream, _signal, drain) =>
    readTar(
      options.input(),
      {
        ...NO_WHITEOUTS,
        entry(one) {
          if (one.path !== "") stream.entry(one);
        },
        data: (chunk) => stream.data(chunk),
        drain,
      },
      { whiteouts: false },
    ),
  );
}

/** Writes what `send` gives; whichever of both fails first ends the other, and is thrown. */
async function putAll(
  helper: Helper,
  place: TransferPlace,
  signal: AbortSignal,
  send: (stream: ApplyStream, signal: AbortSignal, drain: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const stream = helper.put(place, signal);
  const drain = async (): Promise<void> => {
    try {
      await stream.drain();
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  };
  try {
    await send(stream, AbortSignal.any([signal, stop.signal]), drain);
  } catch (error) {
    await stream.abort();
    throw error;
  }
  await stream.end();
}

const NO_WHITEOUTS = { whiteout: () => undefined, opaque: () => undefined };

function tarVisitor(tar: TarWriter): Pick<FetchVisitor, "entry" | "data"> {
  return {
    entry: (entry) => tar.entry(entry),
    data: (chunk) => tar.data(chunk),
  };
}

/** Files belong to whom cp is for. Devices of a container are none of this machine's. */
function ownersFor(archive: boolean, toHost: boolean): (entry: Entry) => Entry {
  return (entry) => {
    if (toHost && (entry.type === "character" || entry.type === "block"))
      throw refused("copy", `/${entry.path}`, "it is a device");
    const { xattrs: _, ...plain } = entry;
    const bare = toHost ? plain : entry;
    return archive ? bare : { ...bare, uid: 0, gid: 0 };
  };
}

/** `DIR/` and `DIR/.` mean more than `DIR`. */
function absolute(path: string): string {
  const [end = ""] = /\/\.?$/.exec(path) ?? [];
  const whole = resolve(path);
  return whole === "/" ? whole : `${whole}${path === "." ? "/." : end}`;
}
