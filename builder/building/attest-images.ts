import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import { provenance } from "../attest/provenance.ts";
import { sbom } from "../attest/sbom.ts";
import type { Predicate } from "../attest/types.ts";
import { hostPlatform } from "../core/platform.ts";
import { version } from "../core/version.ts";
import type { SharedGraph } from "../graph/merge.ts";
import type { TargetPlan } from "../graph/types.ts";
import { formatReference, parseReference, withDefaultTag } from "../image/reference.ts";
import type { Contexts } from "../inputs/open-contexts.ts";
import type { BuiltImage } from "../outputs/types.ts";
import { readDockerfile } from "../planning/dockerfile-source.ts";
import type { Session } from "../session/session.ts";
import type { AttestRequest, BuildOptions } from "../api/types.ts";

export interface Built {
  readonly contexts: Contexts;
  readonly graph: SharedGraph;
  /** Milliseconds since 1970. */
  readonly started: number;
}

/** The images with all that --attest wants stated of them. */
export async function attestImages(
  session: Session,
  options: BuildOptions & { readonly attest: AttestRequest },
  images: readonly BuiltImage[],
  built: Built,
): Promise<readonly BuiltImage[]> {
  const without = options.outputs.filter(({ type }) => type !== "image" && type !== "cacheonly");
  for (const { type } of without) {
    const message = `-o type=${type} has no attestations: they go with the image to the store and to registries`;
    session.emit({ type: "notice", message });
  }
  const names = options.tags.map((tag) => formatReference(withDefaultTag(parseReference(tag))));
  const statements = images.map(async (image, index): Promise<BuiltImage> => {
    const predicates: Predicate[] = [];
    const target = built.graph.targets[index];
    if (options.attest.provenance !== undefined && target !== undefined)
      predicates.push(await provenanceOf(session, options, { ...built, target }));
    if (options.attest.sbom) predicates.push(await sbomOf(session, image, names[0]));
    return { ...image, attestations: { names, predicates } };
  });
  return Promise.all(statements);
}

async function sbomOf(session: Session, image: BuiltImage, name: string | undefined): Promise<Predicate> {
  const created = `${image.created.slice(0, "2026-01-01T00:00:00".length)}Z`;
  const notice = (message: string): void => session.emit({ type: "warning", message });
  return sbom(await session.trees.readable(image.rootfs), { name, version: version(), created, notice });
}

async function provenanceOf(
  session: Session,
  options: BuildOptions & { readonly attest: AttestRequest },
  { contexts, graph, target, started }: Built & { readonly target: TargetPlan },
): Promise<Predicate> {
  const { mode = "min", builderId } = options.attest.provenance ?? {};
  // Standard input cannot be read again, but each step knows where it stands.
  const dockerfile =
    graph.vertices.find(({ at }) => at !== undefined)?.at?.source ??
    (options.dockerfile === "-" ? { name: "-", text: "" } : await readDockerfile(options, contexts));
  return provenance({
    mode,
    builderId: builderId ?? builderOf(session.env),
    version: version(),
    dockerfile: { path: basename(dockerfile.name), text: dockerfile.text },
    source: isLocal(options.context) ? undefined : options.context,
    request: {
      target: options.target,
      args: options.buildArgs,
      labels: options.labels,
      secrets: (options.secrets ?? []).map(({ id }) => id).toSorted(),
      ssh: Object.keys(options.ssh ?? {}).toSorted(),
      contexts: sharedContexts(options.contexts ?? {}),
    },
    vertices: graph.vertices,
    target,
    buildPlatform: hostPlatform(),
    started,
    finished: Date.now(),
    invocation: randomUUID(),
  });
}

/** Who runs this: the job of a CI service where there is one. */
function builderOf(env: NodeJS.ProcessEnv): string {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  if (env["GITHUB_ACTIONS"] === "true" && server && repository && run)
    return `${server}/${repository}/actions/runs/${run}/attempts/${env["GITHUB_RUN_ATTEMPT"] ?? "1"}`;
  return env["CI_JOB_URL"] ?? "urn:x-tsbuild:local";
}

/** Paths of this machine say nothing to others, and too much. */
function sharedContexts(contexts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const shown = Object.entries(contexts).map(([name, source]) => [name, isLocal(source) ? "local" : source]);
  return Object.fromEntries(shown) as Readonly<Record<string, string>>;
}

function isLocal(source: string): boolean {
  return source.startsWith("oci-layout:") || !/^([a-z][a-z0-9+.-]*:\/\/|[\w.-]+@[\w.-]+:)/i.test(source);
}
