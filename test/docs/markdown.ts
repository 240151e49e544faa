import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../support/project.ts";

/** A page of the documentation. */
export interface Page {
  /** Relative to the project. */
  readonly path: string;
  readonly text: string;
}

/** Code of a page: between fences, or indented. */
export interface CodeBlock {
  /** `docs/cache.md:12` */
  readonly where: string;
  /** The info string's first word, `indented` for a block without fences. */
  readonly language: string;
  /** The info string's other words. */
  readonly marks: readonly string[];
  readonly text: string;
}

/** Every page that there is for people to read. */
export function allPages(): readonly Page[] {
  const docs = readdirSync(join(projectRoot, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .sort();
  const paths = ["README.md", "ARCHITECTURE.md", "native/README.md", ...docs.map((name) => `docs/${name}`)];
  return paths.map((path) => ({ path, text: readFileSync(join(projectRoot, path), "utf8") }));
}

/** The code blocks of a page, in their order. */
export function codeBlocks({ path, text }: Page): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { fence: string; info: string; first: number; lines: string[] } | undefined;
  const close = (): void => {
    if (open === undefined) return;
    const [language = "", ...marks] = open.info.split(/\s+/);
    blocks.push({ where: `${path}:${open.first}`, language, marks, text: `${open.lines.join("\n")}\n` });
    open = undefined;
  };
  let before = "";
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^\s*(`{3,})(.*)$/.exec(line);
    if (open !== undefined && open.fence !== "") {
      if (fence?.[1] === open.fence && fence[2] === "") close();
      else open.lines.push(line);
    } else if (fence !== null) {
      close();
      open = { fence: fence[1] ?? "", info: (fence[2] ?? "").trim(), first: index + 1, lines: [] };
    } else if (/^ {4}\S/.test(line) && (open !== undefined || before === "")) {
      open ??= { fence: "", info: "indented", first: index + 1, lines: [] };
      open.lines.push(line.slice(4));
    } else if (open !== undefined && line !== "" && !line.startsWith("    ")) close();
    else if (open !== undefined) open.lines.push(line.slice(4));
    before = line;
  }
  close();
  return blocks;
}

/** A page without its code blocks. */
export function prose({ text }: Page): string {
  return text.replace(/^(\s*`{3,}).*\n[^]*?\n\1$/gm, "").replace(/^ {4}.*$/gm, "");
}

/** The anchors that GitHub gives to a page's headings. */
export function anchors(page: Page): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [, heading = ""] of prose(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
    let name = anchor;
    for (let count = 1; found.has(name); count++) name = `${anchor}-${count}`;
    found.add(name);
  }
  return found;
}
