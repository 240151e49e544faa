import type { Diagnostic } from "../core/diagnostic.ts";
import { TsbuildError } from "../core/errors.ts";
import type { BuildGraph, Op, Vertex } from "../graph/types.ts";

/**
 * The one gate for what a Dockerfile may only do where the user said so: every step of the graph, however it came to be
 * there, before anything runs. `allowed` is what --allow names.
 */
export function checkEntitlements(graph: Pick<BuildGraph, "vertices">, allowed: readonly string[]): void {
  const diagnostics: Diagnostic[] = [];
  const missing = new Set<string>();
  for (const vertex of graph.vertices) {
    for (const [asked, entitlement] of askedBy(vertex.op)) {
      if (allowed.includes(entitlement)) continue;
      missing.add(entitlement);
      diagnostics.push(...diagnosticOf(vertex, `${asked} is not allowed in this build`));
    }
  }
  if (missing.size === 0) return;
  const names = [...missing].sort();
  throw new TsbuildError("USAGE", `Cannot build: the Dockerfile asks for ${names.join(" and ")}`, {
    diagnostics,
    hint: `if you trust it: ${names.map((name) => `--allow ${name}`).join(" ")}`,
  });
}

/** Whatever is not known to be harmless needs to be allowed. */
function askedBy(op: Op): (readonly [asked: string, entitlement: string])[] {
  if (op.type !== "exec") return [];
  const asked: (readonly [string, string])[] = [];
  if (op.security !== "sandbox") asked.push([`RUN --security=${op.security}`, `security.${op.security}`]);
  if (op.network !== "default" && op.network !== "none")
    asked.push([`RUN --network=${op.network}`, `network.${op.network}`]);
  return asked;
}

function diagnosticOf({ at }: Vertex, message: string): Diagnostic[] {
  if (at === undefined) return [];
  return [{ severity: "error", rule: "NotAllowed", message, range: at.range, source: at.source }];
}
