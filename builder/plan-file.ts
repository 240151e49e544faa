import type { Bytes } from "./core/bytes.ts";
import type { Diagnostic, SourceText } from "./core/diagnostic.ts";
import type { Platform } from "./core/platform.ts";
import type { BuildGraph, Vertex } from "./graph/types.ts";

/** A graph, and what it rests on beside what was given. */
export interface Plan {
  readonly graph: BuildGraph;
  readonly warnings: readonly { readonly message: string; readonly diagnostic?: Diagnostic }[];
  readonly images: readonly {
    readonly reference: string;
    readonly platform: Platform;
    readonly answer: string;
  }[];
  readonly ignored: readonly { readonly path: Bytes; readonly answer: string }[];
}

/** The same with numbers in place of Dockerfiles: every vertex points into one. */
interface Packed {
  readonly sources: readonly SourceText[];
  readonly vertices: readonly Numbered<Vertex>[];
  readonly warnings: readonly {
    readonly message: string;
    readonly diagnostic?: Omit<Diagnostic, "source"> & { readonly source: number };
  }[];
  readonly target: BuildGraph["target"];
  readonly images: Plan["images"];
  readonly ignored: Plan["ignored"];
}

type At = NonNullable<Vertex["at"]>;
type Numbered<T> = Omit<T, "at"> & { readonly at?: Omit<At, "source"> & { readonly source: number } };

/** A plan as a text. */
export function packPlan({ graph, warnings, ...rest }: Plan): string {
  const sources = new Map<string, { readonly number: number; readonly source: SourceText }>();
  const numberOf = (source: SourceText): number => {
    const key = JSON.stringify([source.name, source.text]);
    const known = sources.get(key) ?? { number: sources.size, source };
    sources.set(key, known);
    return known.number;
  };
  const packed: Omit<Packed, "sources"> = {
    ...rest,
    target: graph.target,
    vertices: graph.vertices.map(({ at, ...vertex }) =>
      at === undefined ? vertex : { ...vertex, at: { ...at, source: numberOf(at.source) } },
    ),
    warnings: warnings.map(({ message, diagnostic }) =>
      diagnostic === undefined
        ? { message }
        : { message, diagnostic: { ...diagnostic, source: numberOf(diagnostic.source) } },
    ),
  };
  return JSON.stringify({ ...packed, sources: [...sources.values()].map(({ source }) => source) });
}

/** The plan in a text that `packPlan` made. */
export function unpackPlan(text: string): Plan {
  const { sources, vertices, target, warnings, images, ignored } = JSON.parse(text) as Packed;
  const sourceOf = (number: number): SourceText => sources[number] ?? { name: "", text: "" };
  return {
    graph: {
      target,
      vertices: vertices.map(({ at, ...vertex }) =>
        at === undefined ? vertex : { ...vertex, at: { ...at, source: sourceOf(at.source) } },
      ),
    },
    warnings: warnings.map(({ message, diagnostic }) =>
      diagnostic === undefined
        ? { message }
        : { message, diagnostic: { ...diagnostic, source: sourceOf(diagnostic.source) } },
    ),
    images,
    ignored,
  };
}
