import { TsbuildError } from "../core/errors.ts";
import type { Tree } from "../core/entry.ts";
import { formatReference, parseReference, withDefaultTag } from "../image/reference.ts";
import type { RootFs } from "../layers/types.ts";
import { USUAL_FORM, type ImageForm } from "../outputs/form.ts";
import type { Sink } from "../outputs/sink.ts";
import { storeOutput } from "../outputs/store-output.ts";
import type { Output } from "../outputs/types.ts";
import type { Session } from "../session/session.ts";
import type { ImageOutput, OutputSpec } from "../api/output-types.ts";
import type { BuildOptions } from "../api/types.ts";

type Common = Pick<BuildOptions, "tags" | "annotations" | "platforms">;

/**
 * Where the result goes: to the store where nothing else is said, and then whatever --output and --push ask for. What
 * writes elsewhere than to the store is loaded where it is asked for.
 */
export async function openOutputs(session: Session, options: BuildOptions): Promise<Output[]> {
  const names = options.tags.map(fullName);
  const form = annotated(USUAL_FORM, options);
  const outputs: Output[] = [];
  if (options.outputs.length === 0 && (options.load === true || !options.push))
    outputs.push(storeOutput(session.store, { names }, form));
  for (const spec of options.outputs) outputs.push(...(await openSpec(session, options, spec)));
  if (options.load === true) {
    const { dockerLoadSink } = await import("../outputs/docker-load.ts");
    const { layoutOutput } = await import("../outputs/layout-output.ts");
    const open = (): Sink => dockerLoadSink(session.env);
    outputs.push(layoutOutput(session.store, { type: "docker", names, form, dest: "for docker", open }));
  }
  if (options.push) outputs.push(await pushOutput(session, names, form));
  return outputs;
}

async function openSpec(session: Session, options: Common, spec: OutputSpec): Promise<Output[]> {
  const tree = (rootfs: RootFs): Promise<Tree> => session.trees.readable(rootfs);
  const { openSink } = await import("../outputs/sink.ts");
  const open = (dest: string) => (): Sink => openSink(dest, session.stdout);
  switch (spec.type) {
    case "image":
      return openImage(session, options, spec);
    case "oci":
    case "docker": {
      const { layoutOutput, refuseSeveral } = await import("../outputs/layout-output.ts");
      const { type, dest, directory } = spec;
      // Known before anything is built.
      if (type === "docker") refuseSeveral(options.platforms?.length ?? 1);
      const names = namesOf(spec.names, options);
      const form = annotated(spec.form, options);
      return [
        layoutOutput(session.store, { type, names, form, dest, open: directory ? undefined : open(dest) }),
      ];
    }
    case "tar": {
      const { filesystemTarOutput } = await import("../outputs/filesystem-tar.ts");
      return [filesystemTarOutput(tree, spec.dest, open(spec.dest), spec.split)];
    }
    case "local":
      return [(await import("../outputs/local.ts")).localOutput(tree, spec)];
    case "cacheonly":
      return [(await import("../outputs/cache-only.ts")).cacheOnlyOutput];
  }
}

async function openImage(session: Session, options: Common, spec: ImageOutput): Promise<Output[]> {
  const { store, push, byDigest, canonical, danglingPrefix, unpack } = spec;
  const names = namesOf(spec.names, options);
  const form = annotated(spec.form, options);
  const outputs: Output[] = [];
  if (store) outputs.push(storeOutput(session.store, { names, canonical, danglingPrefix }, form, unpack));
  if (push) outputs.push(await pushOutput(session, names, form, byDigest));
  return outputs;
}

async function pushOutput(
  session: Session,
  names: readonly string[],
  form: ImageForm,
  byDigest = false,
): Promise<Output> {
  const { registry: client, slots } = session;
  if (names.length > 0) {
    const { registryOutput } = await import("../outputs/registry.ts");
    return registryOutput(session.store, { client, slots, names, byDigest, form });
  }
  throw new TsbuildError("USAGE", "Cannot push the image: it has no name", {
    hint: "name it with --tag HOST/NAME",
  });
}

/** --annotation holds for every image; what an output says itself goes over it. */
function annotated(form: ImageForm, { annotations = [] }: Common): ImageForm {
  return { ...form, annotations: [...annotations, ...form.annotations] };
}

function namesOf(own: readonly string[], { tags }: Common): readonly string[] {
  return (own.length > 0 ? own : tags).map(fullName);
}

function fullName(tag: string): string {
  return formatReference(withDefaultTag(parseReference(tag)));
}
