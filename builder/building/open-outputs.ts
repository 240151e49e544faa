import { TsbuildError } from "../core/errors.ts";
import type { Tree } from "../core/entry.ts";
import { formatReference, parseReference, withDefaultTag } from "../image/reference.ts";
import type { RootFs } from "../layers/types.ts";
import { dockerTarOutput } from "../outputs/docker-tar.ts";
import { filesystemTarOutput } from "../outputs/filesystem-tar.ts";
import { localOutput } from "../outputs/local.ts";
import { ociTarOutput } from "../outputs/oci-tar.ts";
import { registryOutput } from "../outputs/registry.ts";
import { openSink, type Sink } from "../outputs/sink.ts";
import { storeOutput } from "../outputs/store-output.ts";
import type { Output } from "../outputs/types.ts";
import type { Session } from "../session/session.ts";
import type { BuildOptions, OutputSpec } from "../api/types.ts";

/** Where the result goes: to the store where nothing else is said, and then whatever --output and --push ask for. */
export function openOutputs(session: Session, options: BuildOptions): Output[] {
  const names = options.tags.map(fullName);
  const specs = options.outputs;
  const outputs: Output[] = [];
  if (specs.length === 0 && !options.push) outputs.push(storeOutput(session.store, names));
  outputs.push(...specs.flatMap((spec) => openSpec(session, names, spec)));
  if (options.push) outputs.push(pushOutput(session, names));
  return outputs;
}

function openSpec(session: Session, names: readonly string[], spec: OutputSpec): Output[] {
  const tree = (rootfs: RootFs): Promise<Tree> => session.trees.readable(rootfs);
  const open = (dest: string) => (): Sink => openSink(dest, session.stdout);
  switch (spec.type) {
    case "image": {
      const own = spec.names.length > 0 ? spec.names.map(fullName) : names;
      const stored = spec.names.length > 0 ? [storeOutput(session.store, own)] : [];
      return spec.push ? [...stored, pushOutput(session, own)] : stored;
    }
    case "oci":
      return [ociTarOutput(session.store, names, spec.dest, open(spec.dest))];
    case "docker":
      return [dockerTarOutput(names, spec.dest, open(spec.dest))];
    case "tar":
      return [filesystemTarOutput(tree, spec.dest, open(spec.dest))];
    case "local":
      return [localOutput(tree, spec.dest)];
  }
}

function pushOutput(session: Session, names: readonly string[]): Output {
  if (names.length > 0) return registryOutput(session.store, session.registry, session.slots, names);
  throw new TsbuildError("USAGE", "Cannot push the image: it has no name", {
    hint: "name it with --tag HOST/NAME",
  });
}

function fullName(tag: string): string {
  return formatReference(withDefaultTag(parseReference(tag)));
}
