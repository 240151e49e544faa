import { redact } from "../core/redact.ts";
import type { BuildGraph, Vertex } from "./types.ts";

/**
 * A graph as JSON for people and for tools: the same build prints the same text. Ids become `step-1`, `step-2` …, and a
 * step's place in the Dockerfile its first line, one-based. URLs lose their credentials.
 */
export function printGraph({ vertices, target }: BuildGraph): string {
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
  const history = target.history.map(({ entry, vertex, inherited }) => ({
    ...entry,
    step: vertex === undefined ? undefined : named(vertex),
    inherited: inherited || undefined,
  }));
  const { rootfs } = target;
  const printed = { steps, target: { ...target, rootfs: rootfs === null ? null : named(rootfs), history } };
  return redact(`${JSON.stringify(printed, undefined, 2)}\n`);
}
