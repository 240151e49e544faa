import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { parse } from "../../builder/library.ts";
import { projectRoot } from "../support/project.ts";
import { allPages, anchors, codeBlocks, prose } from "./markdown.ts";
import { commandsOf } from "./shell.ts";
import { mistakeOf, tsbuildLines } from "./tsbuild-lines.ts";

const PAGES = allPages();
const SHELLS = new Set(["sh", "console", "yaml", "indented"]);

test("every command line of tsbuild in the documentation is one", async () => {
  const wrong: string[] = [];
  let count = 0;
  for (const block of PAGES.flatMap(codeBlocks)) {
    if (!SHELLS.has(block.language)) continue;
    for (const words of tsbuildLines(block)) {
      count++;
      const mistake = await mistakeOf(words);
      if (mistake !== undefined) wrong.push(`${block.where}: tsbuild ${words.join(" ")}: ${mistake}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(count >= 50, `only ${count} were found`);
});

test("every command of tsbuild that is spoken of is there, and so are its flags", async () => {
  const wrong: string[] = [];
  for (const page of PAGES) {
    for (const [, line = ""] of prose(page)
      .replaceAll("\\|", "|")
      .matchAll(/`(?:\w+=\S+ )?(tsbuild [^`]+)`/g)) {
      const [words = []] = commandsOf(line);
      const mistake = await mistakeOf(words.slice(1));
      if (mistake !== undefined && !/ is missing$|it needs a value$/.test(mistake))
        wrong.push(`${page.path}: ${line}: ${mistake}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("every block of code says what it is", () => {
  const known = new Set([...SHELLS, "json", "toml", "dockerfile", "text", "ts"]);
  const blocks = PAGES.flatMap(codeBlocks);
  const unknown = blocks.filter(({ language }) => !known.has(language)).map(({ where }) => where);
  assert.deepEqual(unknown, []);
});

test("Dockerfiles in the documentation have no mistakes", async () => {
  for (const { language, text, where } of PAGES.flatMap(codeBlocks)) {
    if (language !== "dockerfile") continue;
    const { diagnostics } = await parse(text);
    assert.deepEqual(
      diagnostics.map(({ message }) => message),
      [],
      where,
    );
  }
});

test("JSON in the documentation is JSON", () => {
  for (const { language, text, where } of PAGES.flatMap(codeBlocks))
    if (language === "json") assert.doesNotThrow(() => JSON.parse(text) as unknown, where);
});

test("links between pages lead to files and headings that are there", () => {
  const byPath = new Map(PAGES.map((page) => [page.path, anchors(page)]));
  const broken = PAGES.flatMap((page) =>
    [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
      if (/^https?:/.test(link)) return [];
      const [file = "", anchor] = link.split("#");
      const path = file === "" ? page.path : normalize(join(dirname(page.path), file));
      const there =
        existsSync(join(projectRoot, path)) &&
        (anchor === undefined || byPath.get(path)?.has(anchor) === true);
      return there ? [] : [`${page.path}: ${link}`];
    }),
  );
  assert.deepEqual(broken, []);
});

test("docs/README.md leads to every page for users and for developers", () => {
  const index = PAGES.find(({ path }) => path === "docs/README.md");
  const linked = new Set(
    [...(index?.text ?? "").matchAll(/\]\(([^)#\s]+)/g)].map(([, link = ""]) => join("docs", link)),
  );
  const missing = PAGES.map(({ path }) => path).filter(
    (path) =>
      path.startsWith("docs/") &&
      !path.startsWith("docs/api/") &&
      path !== "docs/README.md" &&
      !linked.has(path),
  );
  assert.deepEqual(missing, []);
});
