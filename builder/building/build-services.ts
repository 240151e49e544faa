import type { SharedGraph } from "../graph/merge.ts";
import type { Contexts } from "../inputs/open-contexts.ts";
import type { OpServices } from "../ops/types.ts";
import { BuildSecrets } from "../session/secrets.ts";
import type { Session } from "../session/session.ts";
import type { BuildOptions } from "../api/types.ts";
import { opServices } from "./op-services.ts";

/** What the steps of a build work with; the layers of its base images are known by then, and not fetched. */
export async function servicesFor(
  session: Session,
  options: BuildOptions,
  graph: SharedGraph,
  contexts: Contexts,
): Promise<OpServices> {
  const { emit, signal } = options;
  const secrets = secretsOf(session, options);
  const { epoch } = graph;
  const services = opServices(session, await contextsFor(graph, contexts, session, emit), secrets, epoch, {
    limits: {},
    ulimits: [],
    hosts: [],
    ...options.sandbox,
  });
  for (const vertex of graph.vertices)
    if (vertex.op.type === "image") services.imageLayers(vertex.op, { emit, signal, vertex });
  return services;
}

/** The secrets and agents that the steps of a build may ask for. */
export function secretsOf({ env }: Session, { secrets = [], ssh = {} }: BuildOptions): BuildSecrets {
  return new BuildSecrets(secrets, ssh, env);
}

/** With SOURCE_DATE_EPOCH, what two checkouts of one commit differ in is taken out of their files. */
async function contextsFor(
  { epoch }: SharedGraph,
  contexts: Contexts,
  { env }: Session,
  emit: BuildOptions["emit"],
): Promise<Pick<Contexts, "open" | "get">> {
  if (epoch === undefined) return contexts;
  const { ReproducibleContexts } = await import("../inputs/reproducible-contexts.ts");
  return new ReproducibleContexts(contexts, epoch, env, emit);
}
