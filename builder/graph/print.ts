import { redact } from "../core/redact.ts";
import type { SharedGraph } from "./merge.ts";
import type { BuildGraph, Vertex } from "./types.ts";

/**
 * A graph as JSON for people and for tools: the same build prints the same text. Ids become `step-1`, `step-2` …, and a
 * step's place in the Dockerfile its first line, one-based. URLs lose their credentials.
 */
export function printGraph(graph: BuildGraph | SharedGraph): string {
  const { vertices } = graph;
  const targets = "targets" in graph ? graph.targets : [graph.target];
  const names = new Map(vertices.map(({ id }, index) => [id, `step-${index + 1}`]));
  const named = (id: Vertex["id"]): string => names.get(id) ?? id;
  const steps = vertices.map(({ id, name, stage, at, inputs, op }) => ({
    step: named(id),
    id,
    name,
    stage,
    line: at === undefined ? undefined : at.range.start.line + 1,
    inputs: inputs.map(named),
    op,
  }));
  const printed = targets.map((target) => ({
    ...target,
    rootfs: target.rootfs === null ? null : named(target.rootfs),
    history: target.history.map(({ entry, vertex, inherited }) => ({
      ...entry,
      step: vertex === undefined ? undefined : named(vertex),
      inherited: inherited || undefined,
    })),
  }));
  const [target] = printed;
  const made = printed.length === 1 ? { target } : { targets: printed };
  return redact(`${JSON.stringify({ steps, ...made }, undefined, 2)}\n`);
}
