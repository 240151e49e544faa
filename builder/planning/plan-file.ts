import type { Bytes } from "../core/bytes.ts";
import type { Diagnostic, SourceText } from "../core/diagnostic.ts";
import type { Platform } from "../core/platform.ts";
import type { BuildGraph, Vertex } from "../graph/types.ts";

/** What planning came to, and what that rests on beside what was given. */
export interface Plan<T> {
  /** The Dockerfile. */
  readonly source: SourceText;
  readonly result: T;
  readonly warnings: readonly { readonly message: string; readonly diagnostic?: Diagnostic }[];
  readonly images: readonly {
    readonly reference: string;
    readonly platform: Platform;
    readonly answer: string;
  }[];
  readonly ignored: readonly { readonly path: Bytes; readonly answer: string }[];
}

/** How a result of planning is kept as a text. `Packed` is plain JSON with numbers in place of Dockerfiles. */
export interface Format<T, Packed> {
  pack(result: T, numberOf: (source: SourceText) => number): Packed;
  unpack(packed: Packed, sourceOf: (number: number) => SourceText): T;
}

type Numbered<T> = Omit<T, "source"> & { readonly source: number };

interface PackedPlan<Packed> extends Omit<Plan<Packed>, "warnings" | "source"> {
  /** The Dockerfile first. */
  readonly sources: readonly SourceText[];
  readonly warnings: readonly { readonly message: string; readonly diagnostic?: Numbered<Diagnostic> }[];
}

type At = NonNullable<Vertex["at"]>;

/** Every vertex points into a Dockerfile. */
export const GRAPH: Format<
  BuildGraph,
  {
    readonly vertices: readonly (Omit<Vertex, "at"> & { readonly at?: Numbered<At> })[];
    readonly target: BuildGraph["target"];
  }
> = {
  pack: ({ vertices, target }, numberOf) => ({
    target,
    vertices: vertices.map(({ at, ...vertex }) =>
      at === undefined ? vertex : { ...vertex, at: { ...at, source: numberOf(at.source) } },
    ),
  }),
  unpack: ({ vertices, target }, sourceOf) => ({
    target,
    vertices: vertices.map(({ at, ...vertex }) =>
      at === undefined ? vertex : { ...vertex, at: { ...at, source: sourceOf(at.source) } },
    ),
  }),
};

/** What is wrong with a Dockerfile. */
export const DIAGNOSTICS: Format<readonly Diagnostic[], readonly Numbered<Diagnostic>[]> = {
  pack: (diagnostics, numberOf) => diagnostics.map((one) => ({ ...one, source: numberOf(one.source) })),
  unpack: (packed, sourceOf) => packed.map((one) => ({ ...one, source: sourceOf(one.source) })),
};

/** A plan as a text. */
export function packPlan<T, Packed>(
  { source, result, warnings, ...rest }: Plan<T>,
  format: Format<T, Packed>,
): string {
  // By identity: one Dockerfile is the source of all, and comparing texts for each of 20,000 vertices takes 20 s.
  const sources = new Map([[source, 0]]);
  const numberOf = (source: SourceText): number => {
    const number = sources.get(source) ?? sources.size;
    sources.set(source, number);
    return number;
  };
  const packed: Omit<PackedPlan<Packed>, "sources"> = {
    ...rest,
    result: format.pack(result, numberOf),
    warnings: warnings.map(({ message, diagnostic }) =>
      diagnostic === undefined
        ? { message }
        : { message, diagnostic: { ...diagnostic, source: numberOf(diagnostic.source) } },
    ),
  };
  return JSON.stringify({ ...packed, sources: [...sources.keys()] });
}

/** The plan in a text that `packPlan` made. */
export function unpackPlan<T, Packed>(text: string, format: Format<T, Packed>): Plan<T> {
  const { sources, result, warnings, images, ignored } = JSON.parse(text) as PackedPlan<Packed>;
  const sourceOf = (number: number): SourceText => sources[number] ?? { name: "", text: "" };
  return {
    source: sourceOf(0),
    result: format.unpack(result, sourceOf),
    warnings: warnings.map(({ message, diagnostic }) =>
      diagnostic === undefined
        ? { message }
        : { message, diagnostic: { ...diagnostic, source: sourceOf(diagnostic.source) } },
    ),
    images,
    ignored,
  };
}
