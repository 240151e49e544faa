import { parseAllDocuments } from "yaml";
import type { CodeBlock } from "./markdown.ts";

/** A mapping of YAML. */
export type Mapping = Readonly<Record<string, unknown>>;

/** The documents of a block; throws where it is no YAML, or has a key twice. */
export function documentsOf({ text, where }: CodeBlock): readonly unknown[] {
  return parseAllDocuments(text).map((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw new Error(`${where}: ${problem.message}`);
    return document.toJS() as unknown;
  });
}

/** What a block has to say to a shell: `run:` of GitHub's steps and `script:` of GitLab's jobs, in their order. */
export function scriptsOf(block: CodeBlock): readonly string[] {
  return mappingsOf(documentsOf(block)).flatMap(({ run, script }) =>
    [run, ...(Array.isArray(script) ? (script as unknown[]) : [script])].filter(isText),
  );
}

/** `args: [build, …]` of Kubernetes' containers, whose image starts tsbuild. */
export function argumentsOf(block: CodeBlock): readonly (readonly string[])[] {
  return mappingsOf(documentsOf(block)).flatMap(({ image, args }) =>
    isText(image) && Array.isArray(args) ? [(args as unknown[]).filter(isText)] : [],
  );
}

function mappingsOf(value: unknown): readonly Mapping[] {
  if (Array.isArray(value)) return value.flatMap(mappingsOf);
  if (typeof value !== "object" || value === null) return [];
  return [value as Mapping, ...Object.values(value).flatMap(mappingsOf)];
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
