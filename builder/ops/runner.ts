import { TsbuildError, unreachable } from "../core/errors.ts";
import type { VertexId } from "../core/events.ts";
import type { Json } from "../core/json.ts";
import type { Op, Vertex } from "../graph/types.ts";
import type { OpResult, OpRunner } from "../solver/types.ts";
import { contextHandler } from "./context-op.ts";
import { copyHandler } from "./copy-op.ts";
import { execHandler } from "./exec-op.ts";
import { gitHandler } from "./git-op.ts";
import { httpHandler } from "./http-op.ts";
import { imageHandler } from "./image-op.ts";
import { mkdirHandler } from "./mkdir-op.ts";
import type { Inputs, OpHandler, OpServices } from "./types.ts";

/** The ops that make layers. */
const LAYERS: ReadonlySet<Op["type"]> = new Set(["copy", "exec", "mkdir"]);

/** The ops as the solver sees them. `vertices` is the whole graph: an op is told what its inputs are. */
export function createOpRunner(services: OpServices, vertices: readonly Vertex[]): OpRunner {
  const byId = new Map(vertices.map((vertex) => [vertex.id, vertex]));
  const find = (id: VertexId): Vertex => {
    const vertex = byId.get(id);
    if (vertex === undefined) throw new TsbuildError("INTERNAL", `Cannot find vertex ${id} in the graph`);
    return vertex;
  };
  const inputsOf = (vertex: Vertex, results: readonly OpResult[]): Inputs =>
    vertex.inputs.map((id, index) => {
      const result = results[index];
      return result && { vertex: find(id), result };
    });
  const handlers: { readonly [T in Op["type"]]: OpHandler<Extract<Op, { type: T }>> } = {
    context: contextHandler(services),
    copy: copyHandler(services),
    exec: execHandler(services),
    git: gitHandler(services),
    http: httpHandler(services),
    image: imageHandler(services),
    mkdir: mkdirHandler(services),
  };
  /** Lets the compiler pair each op with its own handler. */
  const dispatch = <R>(op: Op, use: <T extends Op>(handler: OpHandler<T>, op: T) => R): R => {
    switch (op.type) {
      case "context":
        return use(handlers.context, op);
      case "copy":
        return use(handlers.copy, op);
      case "exec":
        return use(handlers.exec, op);
      case "git":
        return use(handlers.git, op);
      case "http":
        return use(handlers.http, op);
      case "image":
        return use(handlers.image, op);
      case "mkdir":
        return use(handlers.mkdir, op);
      default:
        return unreachable(op);
    }
  };

  /** A layer's times are no later than SOURCE_DATE_EPOCH: it is part of what makes a layer, and of nothing else. */
  const dated = (vertex: Vertex, definition: Json): Json =>
    services.epoch === undefined || !LAYERS.has(vertex.op.type)
      ? definition
      : { epoch: services.epoch, op: definition };

  return {
    resource: (vertex) => dispatch(vertex.op, (handler) => handler.resource),
    recorded: (vertex) => dispatch(vertex.op, (handler) => handler.recorded ?? true),
    contentDefinition: (vertex) =>
      dated(
        vertex,
        dispatch(
          vertex.op,
          (handler, op) => handler.contentDefinition?.(op) ?? handler.definition(op) ?? null,
        ),
      ),
    definition: (vertex) => {
      const definition = dispatch(vertex.op, (handler, op) => handler.definition(op));
      return definition === undefined ? undefined : dated(vertex, definition);
    },
    contentInputs: (vertex) =>
      dispatch(vertex.op, (handler, op) => handler.contentInputs?.(op, vertex.inputs.map(find)) ?? []),
    content: (vertex, results, context) =>
      located(vertex, () =>
        dispatch(
          vertex.op,
          async (handler, op): Promise<Json> =>
            (await handler.content?.(op, inputsOf(vertex, results), { ...context, vertex })) ?? null,
        ),
      ),
    run: (vertex, results, context) =>
      located(vertex, () =>
        dispatch(vertex.op, (handler, op) =>
          handler.run(op, inputsOf(vertex, results), { ...context, vertex }),
        ),
      ),
  };
}

/** Says in which line of the Dockerfile a step failed, where its error does not. */
async function located<T>(vertex: Vertex, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { at } = vertex;
    if (!(error instanceof TsbuildError) || error.diagnostics.length > 0 || at === undefined) throw error;
    const { code, message, hint, output, exitCode, cause } = error;
    const diagnostics = [
      { severity: "error" as const, rule: code, message, range: at.range, source: at.source },
    ];
    throw new TsbuildError(code, message, { hint, output, exitCode, cause, diagnostics });
  }
}
