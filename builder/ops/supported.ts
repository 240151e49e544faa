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
  if (op.type !== "exec" || at === undefined) return [];
  const problem = (message: string): Diagnostic => ({
    severity: "error",
    rule: "Unsupported",
    message,
    range: at.range,
    source: at.source,
  });
  const mounts = op.mounts.map((mount) => problem(`RUN --mount=type=${mount.type} is not supported yet`));
  const security =
    op.security === "insecure" ? [problem("RUN --security=insecure is not supported yet")] : [];
  return [...mounts, ...security];
}
