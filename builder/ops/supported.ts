import type { Diagnostic } from "../core/diagnostic.ts";
import { TsbuildError } from "../core/errors.ts";
import type { BuildGraph, Vertex } from "../graph/types.ts";

/** Says no before anything runs, to what the graph asks for and no op can do. */
export function checkSupported(graph: BuildGraph): void {
  const diagnostics = graph.vertices.flatMap(problemsOf);
  const [first] = diagnostics;
  if (first === undefined) return;
  throw new TsbuildError("UNSUPPORTED", `Cannot build "${first.source.name}": ${first.message}`, {
    diagnostics,
  });
}

function problemsOf({ op, at }: Vertex): Diagnostic[] {
  if (op.type !== "exec" || op.security !== "insecure" || at === undefined) return [];
  const message = "RUN --security=insecure is not supported yet";
  return [{ severity: "error", rule: "Unsupported", message, range: at.range, source: at.source }];
}
