import { redact } from "../core/redact.ts";
import type { SharedGraph } from "./merge.ts";
import type { HistoryEntry } from "../image/types.ts";
import type { BuildGraph, TargetPlan, Vertex } from "./types.ts";

/** A step of a printed graph; `inputs` are the names of other steps. */
export interface PrintedStep extends Pick<Vertex, "id" | "name" | "stage" | "op"> {
  /** `step-1`, `step-2` … */
  readonly step: string;
  /** First line in the Dockerfile, one-based. */
  readonly line?: number;
  readonly inputs: readonly string[];
}

/** An image of a printed graph; `rootfs` is the name of a step, null for an empty image. */
export interface PrintedTarget extends Omit<TargetPlan, "rootfs" | "history"> {
  readonly rootfs: string | null;
  readonly history: readonly (HistoryEntry & { readonly step?: string; readonly inherited?: true })[];
}

/** What --print=graph prints: `target` of one platform, `targets` of several. */
export interface PrintedGraph {
  readonly steps: readonly PrintedStep[];
  readonly target?: PrintedTarget;
  readonly targets?: readonly PrintedTarget[];
}

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
