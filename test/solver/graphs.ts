import * as fc from "fast-check";
import type { FakeVertex, Files } from "./fake.ts";

/** A graph as numbers, so that an edit is a change of some numbers and most of two graphs is alike. */
export const shapes = fc.array(
  fc.record({ kind: fc.nat(2), a: fc.nat(30), b: fc.nat(30), n: fc.nat(3), from: fc.nat(2), to: fc.nat(2) }),
  { minLength: 1, maxLength: 9 },
);

type Shape = (typeof shapes extends fc.Arbitrary<infer T> ? T : never)[number];

/** The last vertex is the one to ask for. */
export function graphOf(shape: readonly Shape[], files: Files): FakeVertex[] {
  const vertices: FakeVertex[] = [
    { id: "image", op: { kind: "image", files: [1, 2, 3] }, inputs: [] },
    { id: "context", op: { kind: "context", files }, inputs: [] },
  ];
  for (const { kind, a, b, n, from, to } of shape) {
    const roots = vertices.map((vertex) => vertex.id).filter((id) => id !== "context");
    const base = roots[a % roots.length] ?? "image";
    const source = vertices[b % vertices.length]?.id ?? "context";
    const id = `v${vertices.length}`;
    if (kind === 0) vertices.push({ id, op: { kind: "run", text: n, to }, inputs: [base] });
    else vertices.push({ id, op: { kind: "copy", from, to }, inputs: n === 0 ? [source] : [base, source] });
  }
  return vertices;
}
