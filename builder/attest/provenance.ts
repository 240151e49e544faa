import { sha256 } from "../core/digest.ts";
import type { VertexId } from "../core/events.ts";
import { canonicalJson, type Json } from "../core/json.ts";
import { formatPlatform, type Platform } from "../core/platform.ts";
import { redact } from "../core/redact.ts";
import { printGraph } from "../graph/print.ts";
import type { TargetPlan, Vertex } from "../graph/types.ts";
import { isCommit } from "../net/git-url.ts";
import { gitKey, urlKey } from "../stages/pins.ts";
import { imagePurl } from "./purl.ts";
import type { Predicate } from "./types.ts";

/** docs/supply-chain.md says what its parameters mean. */
const BUILD_TYPE = "urn:x-tsbuild:dockerfile:v1";

export interface ProvenanceInput {
  /** "min" leaves out the values of build arguments, the ids of secrets, and the steps. */
  readonly mode: "min" | "max";
  readonly builderId: string;
  readonly version: string;
  readonly dockerfile: { readonly path: string; readonly text: string };
  /** Where PATH was fetched from. */
  readonly source?: string | undefined;
  readonly request: {
    readonly target?: string | undefined;
    readonly args: Readonly<Record<string, string>>;
    readonly labels: Readonly<Record<string, string>>;
    readonly secrets: readonly string[];
    readonly ssh: readonly string[];
    readonly contexts: Readonly<Record<string, string>>;
  };
  readonly vertices: readonly Vertex[];
  readonly target: TargetPlan;
  readonly buildPlatform: Platform;
  /** Milliseconds since 1970. SOURCE_DATE_EPOCH takes the place of both. */
  readonly started: number;
  readonly finished: number;
  /** A name for this run, where there is no SOURCE_DATE_EPOCH. */
  readonly invocation: string;
}

/** How an image was built, as SLSA has it (https://slsa.dev/spec/v1.0/provenance). */
export function provenance(input: ProvenanceInput): Predicate {
  const { mode, target, request, dockerfile } = input;
  const vertices = neededBy(target, input.vertices);
  const parameters = {
    configSource: {
      ...(input.source === undefined ? {} : { uri: redact(input.source) }),
      path: dockerfile.path,
      digest: digestSet(sha256(dockerfile.text)),
    },
    request: {
      frontend: "dockerfile.v0",
      platform: formatPlatform(target.platform),
      ...(request.target === undefined ? {} : { target: request.target }),
      labels: request.labels,
      ...(mode === "max"
        ? { args: request.args, secrets: request.secrets, ssh: request.ssh, contexts: request.contexts }
        : {}),
    },
  };
  const buildDefinition = {
    buildType: BUILD_TYPE,
    externalParameters: parameters,
    internalParameters: {
      buildPlatform: formatPlatform(input.buildPlatform),
      ...(mode === "max" ? { dockerfile: dockerfile.text, graph: graphOf(vertices, target) } : {}),
    },
    resolvedDependencies: dependenciesOf(vertices),
  };
  const times = timesOf(input);
  const clean = JSON.parse(redact(JSON.stringify(buildDefinition))) as Json;
  const invocationId =
    target.epoch === undefined ? input.invocation : sha256(canonicalJson(clean)).slice("sha256:".length);
  return {
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: clean,
      runDetails: {
        builder: { id: redact(input.builderId), version: { tsbuild: input.version } },
        metadata: { invocationId, ...times },
      },
    },
  };
}

function timesOf({ target: { epoch }, started, finished }: ProvenanceInput): object {
  const time = (value: number): string => new Date(epoch === undefined ? value : epoch * 1000).toISOString();
  return { startedOn: time(started), finishedOn: time(finished) };
}

/** What an image is made of, in order; several platforms share a graph. */
function neededBy({ rootfs }: TargetPlan, vertices: readonly Vertex[]): readonly Vertex[] {
  const wanted = new Set<VertexId>(rootfs === null ? [] : [rootfs]);
  for (const { id, inputs } of vertices.toReversed())
    if (wanted.has(id)) for (const input of inputs) wanted.add(input);
  return vertices.filter(({ id }) => wanted.has(id));
}

/** The graph as --print=graph has it, which has no path of this machine; nor shall its proxies be told. */
function graphOf(vertices: readonly Vertex[], target: TargetPlan): Json {
  const shared = vertices.map((vertex) =>
    vertex.op.type === "exec" ? { ...vertex, op: { ...vertex.op, proxyEnv: [] } } : vertex,
  );
  const printed = JSON.parse(printGraph({ vertices: shared, target })) as {
    readonly steps: Json;
    readonly target: Readonly<Record<string, Json>>;
  };
  const { config: _config, history: _history, ...rest } = printed.target;
  return { steps: printed.steps, target: rest };
}

/** Images, URLs and commits, sorted; the files of a local directory have no name outside of this machine. */
function dependenciesOf(vertices: readonly Vertex[]): readonly object[] {
  const found = new Map<string, object>();
  for (const { op } of vertices) {
    if (op.type === "image") {
      const uri = imagePurl(op.reference, op.platform);
      found.set(uri, { uri, digest: digestSet(op.manifest) });
    } else if (op.type === "http" && op.checksum !== undefined) {
      const uri = urlKey(op.url);
      found.set(uri, { uri, digest: digestSet(op.checksum) });
    } else if (op.type === "git") {
      const commit = [op.ref, op.checksum].find((text) => text !== undefined && isCommit(text));
      if (commit === undefined) continue;
      const uri = `git+${gitKey({ remote: op.remote }).replace(/^git\+/, "")}`;
      found.set(`${uri}@${commit}`, {
        uri,
        digest: { [commit.length === 64 ? "gitCommitSha256" : "gitCommit"]: commit },
      });
    }
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, dependency]) => dependency);
}

function digestSet(digest: string): { readonly sha256: string } {
  return { sha256: digest.slice("sha256:".length) };
}
