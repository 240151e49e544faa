import { printable, type Bytes } from "../core/bytes.ts";
import { TsbuildError } from "../core/errors.ts";
import type { VertexId } from "../core/events.ts";
import type { SharedGraph } from "../graph/merge.ts";
import type { Vertex } from "../graph/types.ts";
import type { Layer, RootFs } from "../layers/types.ts";
import { scanConfig } from "../leaks/scan-config.ts";
import type { Leak, SecretValue } from "../leaks/types.ts";
import type { SecretSource } from "../api/secret-source.ts";
import type { BuildOptions } from "../api/types.ts";
import type { BuildSecrets } from "../session/secrets.ts";
import { ownLayers } from "./own-layers.ts";

/** More than so many are not read one by one. */
const MOST_SHOWN = 10;

/** What was found in what a build made: secrets, and files of the context that usually are no part of an image. */
export interface Findings {
  readonly leaks: readonly Leak[];
  readonly mistakes: readonly string[];
}

/** The values of --secret. One that cannot be read ends a build before it has done anything. */
export function secretValues(
  secrets: Pick<BuildSecrets, "value">,
  given: readonly SecretSource[] = [],
): readonly SecretValue[] {
  return given.flatMap(({ id }) => {
    const value = secrets.value(id);
    return value === undefined ? [] : [{ id, value }];
  });
}

/**
 * Looks through the layers of the steps that ran and through the images' configs. With --fail-on-secrets through every
 * step's layer, cached or not, and through every file that is not large.
 */
export async function findLeaks(
  graph: SharedGraph,
  rootfs: readonly RootFs[],
  ran: ReadonlySet<VertexId>,
  values: readonly SecretValue[],
  { failOnSecrets: thorough = false }: Pick<BuildOptions, "failOnSecrets">,
): Promise<Findings> {
  const layers = ownLayers(graph, rootfs);
  const vertices = new Map(graph.vertices.map((vertex) => [vertex.id, vertex]));
  const leaks: Leak[] = [];
  const mistakes: string[] = [];
  for (const [id, layer] of layers) {
    const vertex = vertices.get(id);
    if (vertex === undefined || !(thorough || ran.has(id))) continue;
    const { scanLayer } = await import("../leaks/scan-layer.ts");
    const found = await scanLayer(layer, vertex.name, values, thorough);
    leaks.push(...found);
    const known = new Set(found.map(({ path }) => path));
    if (copiesContext(vertex, vertices)) mistakes.push(...(await mistakesIn(layer, vertex.name, known)));
  }
  for (const { config, history } of graph.targets) {
    const own = history.flatMap(({ entry, inherited }) => (inherited ? [] : [entry]));
    leaks.push(...scanConfig(config, own, values));
  }
  return { leaks, mistakes };
}

/** One line for each finding, the first ones alone where they are many. */
export function findingLines({ leaks, mistakes }: Findings): readonly string[] {
  const lines = [...leaks.map(leakText), ...mistakes];
  const rest = lines.length - MOST_SHOWN;
  if (rest <= 0) return lines;
  return [
    ...lines.slice(0, MOST_SHOWN),
    `and ${rest} more of these; --fail-on-secrets fails the build for secrets`,
  ];
}

/** --fail-on-secrets */
export function refuseLeaks({ leaks }: Findings): void {
  const [first] = leaks;
  if (first === undefined) return;
  const more = leaks.length === 1 ? "" : ` (and ${leaks.length - 1} more)`;
  throw new TsbuildError("SECRET_FOUND", `Cannot finish the build: ${leakText(first)}${more}`, {
    output: leaks.slice(0, MOST_SHOWN).map(leakText),
    hint: "nothing was written or pushed. Give secrets to steps with --secret and RUN --mount=type=secret, and hide files with .dockerignore",
  });
}

function leakText({ what, step, path, line }: Leak): string {
  if (path === undefined) return `${step} has ${what}: whoever gets the image can read it`;
  const place = `/${printable(path)}${line === undefined ? "" : `:${line}`}`;
  return `${place} has ${what}; ${step} put it into the image`;
}

function copiesContext({ op, inputs }: Vertex, vertices: ReadonlyMap<VertexId, Vertex>): boolean {
  return op.type === "copy" && inputs.some((id) => vertices.get(id)?.op.type === "context");
}

/** What usually should not have been copied, the topmost of it alone, and not what was found already. */
async function mistakesIn(
  layer: Layer,
  step: string,
  known: ReadonlySet<Bytes | undefined>,
): Promise<string[]> {
  const { changes } = await layer.index();
  const { whySuspicious } = await import("../context/suspicious.ts");
  let inside: string | undefined;
  return changes.flatMap((change) => {
    if (change.kind !== "entry") return [];
    const { path, type } = change.entry;
    if (inside !== undefined && path.startsWith(inside)) return [];
    const reason = whySuspicious(path, type);
    if (reason === undefined || known.has(path)) return [];
    if (type === "directory") inside = `${path}/`;
    return [`${step} copies /${printable(path)}: ${reason}. A line in .dockerignore hides it`];
  });
}
