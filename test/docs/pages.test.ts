import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { parse } from "../../builder/library.ts";
import { loadRegistryConfig } from "../../builder/registry/config.ts";
import { projectRoot } from "../support/project.ts";
import { mistakesOfManifest } from "./kubernetes-fields.ts";
import { allPages, anchors, codeBlocks, prose } from "./markdown.ts";
import { commandsOf } from "./shell.ts";
import { mistakeOf, tsbuildLines } from "./tsbuild-lines.ts";
import { documentsOf } from "./yaml-blocks.ts";

const PAGES = allPages();
const SHELLS = new Set(["sh", "console", "yaml"]);

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
  const known = new Set([...SHELLS, "json", "toml", "ini", "dockerfile", "text", "ts"]);
  // docs/api has the text of comments.
  const blocks = PAGES.filter(({ path }) => !path.startsWith("docs/api/")).flatMap(codeBlocks);
  const unknown = blocks.filter(({ language }) => !known.has(language)).map(({ where }) => where);
  assert.deepEqual(unknown, []);
});

test("a block of shell is marked with nothing but how it is run", () => {
  const known = new Set(["clone", "terminal", "sudoer", "fails"]);
  for (const { marks, where } of PAGES.flatMap(codeBlocks))
    assert.ok(
      marks.every((mark) => known.has(mark)),
      where,
    );
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

test("JSON, YAML and configuration in the documentation is what it says it is", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-docs-"));
  for (const block of PAGES.flatMap(codeBlocks)) {
    const { language, text, where } = block;
    if (language === "json") assert.doesNotThrow(() => JSON.parse(text) as unknown, where);
    else if (language === "yaml") assert.ok(documentsOf(block).length > 0, where);
    else if (language === "toml") {
      const file = join(folder, "config.toml");
      writeFileSync(file, text);
      for (const [, name = ""] of text.matchAll(/"([\w-]+\.(?:pem|key))"/g))
        writeFileSync(join(folder, name), "");
      const { registries } = await loadRegistryConfig({ TSBUILD_CONFIG: file }, folder);
      assert.ok(registries.size > 0, where);
    }
  }
  rmSync(folder, { recursive: true });
});

test("manifests in the documentation have the fields that Kubernetes knows", () => {
  let count = 0;
  for (const block of PAGES.flatMap(codeBlocks)) {
    if (block.language !== "yaml" || !/^kind:/m.test(block.text)) continue;
    for (const manifest of documentsOf(block)) {
      assert.deepEqual(mistakesOfManifest(manifest), [], block.where);
      count++;
    }
  }
  assert.ok(count >= 2, `only ${count} were found`);
});

test("what the documentation has npm run is a script of the package", () => {
  const { scripts } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const named = PAGES.flatMap(({ path, text }) =>
    [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(test)\b)/g)].map(([, run, test]) => ({
      path,
      name: run ?? test ?? "",
    })),
  );
  assert.deepEqual(
    named.filter(({ name }) => !(name in scripts)),
    [],
  );
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
