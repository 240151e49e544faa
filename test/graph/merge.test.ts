import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { canonicalJson, type Json } from "../../builder/core/json.ts";
import { namesOf, plan } from "./planning.ts";

type Step = { readonly run: number } | { readonly copyFrom: number; readonly path: number };

interface StageSpec {
  /** An earlier stage, or where there is none of that number an image. */
  readonly base: number;
  readonly steps: readonly Step[];
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ run: fc.nat(2) }),
  fc.record({ copyFrom: fc.nat(5), path: fc.nat(1) }),
);
const stages = fc.array(fc.record({ base: fc.nat(8), steps: fc.array(step, { maxLength: 4 }) }), {
  minLength: 1,
  maxLength: 6,
});

/** The Dockerfile, and every stage's root filesystem as a term: what it is made of, written out. */
function spell(specs: readonly StageSpec[]): { readonly text: string; readonly roots: readonly string[] } {
  const lines: string[] = [];
  const roots: string[] = [];
  for (const [index, { base, steps }] of specs.entries()) {
    lines.push(`FROM ${base < index ? `s${base}` : "debian"} AS s${index}`);
    let root = roots[base] ?? "image";
    for (const step of steps) {
      if ("run" in step) {
        lines.push(`RUN r${step.run}`);
        root = `run${step.run}(${root})`;
      } else {
        const from = roots[step.copyFrom];
        lines.push(`COPY ${from === undefined ? "" : `--from=${step.copyFrom} `}p${step.path} /`);
        root = `copy${step.path}(${root},${from ?? "context"})`;
      }
    }
    roots.push(root);
  }
  return { text: lines.join("\n"), roots };
}

/** All terms inside a term, itself among them. */
function subterms(term: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(term)) return found;
  found.add(term);
  const open = term.indexOf("(");
  if (open < 0) return found;
  let depth = 0;
  let start = open + 1;
  for (let at = start; at < term.length; at++) {
    if (term[at] === "(") depth++;
    else if (depth === 0 && (term[at] === "," || term[at] === ")")) {
      subterms(term.slice(start, at), found);
      start = at + 1;
    } else if (term[at] === ")") depth--;
  }
  return found;
}

test("planBuild() has one vertex for each thing that the target is made of, and no other", async () => {
  await fc.assert(
    fc.asyncProperty(stages, async (specs) => {
      const { text, roots } = spell(specs);
      const { vertices, target } = await plan(text);
      assert.equal(vertices.length, subterms(roots.at(-1) ?? "").size, text);
      assert.equal(target.rootfs, vertices.at(-1)?.id);
    }),
    { numRuns: 150 },
  );
});

test("planBuild() puts inputs before their users and never the same step twice", async () => {
  await fc.assert(
    fc.asyncProperty(stages, async (specs) => {
      const { vertices } = await plan(spell(specs).text);
      const seen = new Set<string>();
      const works = new Set<string>();
      for (const { id, op, inputs } of vertices) {
        assert.ok(inputs.every((input) => seen.has(input)));
        assert.equal(new Set(inputs).size, inputs.length);
        seen.add(id);
        works.add(canonicalJson({ op: op as unknown as Json, inputs }));
      }
      assert.equal(works.size, vertices.length);
    }),
    { numRuns: 60 },
  );
});

test("planBuild() merges equal steps of two stages under the first one's name", async () => {
  const text =
    "FROM debian AS a\nRUN make\nFROM debian AS b\nRUN make\nFROM scratch\nCOPY --from=a /1 /\nCOPY --from=b /2 /";
  const names = namesOf(await plan(text));
  assert.equal(names.filter((name) => name.includes("RUN make")).length, 1);
  assert.ok(names.includes("[a 2/2] RUN make"));
});

test("planBuild() keeps steps apart that differ in the environment alone", async () => {
  const text =
    "FROM debian AS a\nRUN make\nFROM debian AS b\nENV x=1\nRUN make\nFROM scratch\nCOPY --from=a /1 /\nCOPY --from=b /2 /";
  const names = namesOf(await plan(text));
  assert.equal(names.filter((name) => name.includes("RUN make")).length, 2);
});

test("planBuild() plans ten thousand steps", async () => {
  const text = `FROM debian\n${"RUN x\n".repeat(10_000)}`;
  assert.equal((await plan(text)).vertices.length, 10_001);
});
