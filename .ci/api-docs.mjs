// Writes docs/api/README.md out of the declarations that the compiler made of builder/index.ts, and of all types that they
// speak of: each with its comment, in the order in which a reader meets them. With --check it only says whether that is so.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = join(root, "docs/api/README.md");
const modules = new Map();

/** What a module declares, imports and exports, by name. */
function moduleAt(path) {
  const known = modules.get(path);
  if (known !== undefined) return known;
  const text = readFileSync(path, "utf8");
  const { program, comments } = parseSync(path, text);
  const module = { path, declared: new Map(), imported: new Map(), exported: [] };
  modules.set(path, module);
  for (const statement of program.body) {
    const source = statement.source && resolve(path, statement.source.value);
    if (statement.type === "ImportDeclaration") {
      for (const { local, imported } of statement.specifiers)
        module.imported.set(local.name, { source, name: imported?.name });
    } else if (statement.type === "ExportAllDeclaration") {
      if (source) module.exported.push(...moduleAt(source).exported);
    } else if (statement.source) {
      for (const { exported } of statement.specifiers)
        module.exported.push(...moduleAt(source).exported.filter(({ name }) => name === exported.name));
    } else {
      const declaration = statement.declaration ?? statement;
      const name = declaration.id?.name ?? declaration.declarations?.[0]?.id.name;
      if (name === undefined) continue;
      const comment = comments.findLast(
        ({ end }) => end <= statement.start && text.slice(end, statement.start).trim() === "",
      );
      const doc = comment?.value.startsWith("*") ? plainComment(comment.value) : "";
      const code = text.slice(statement.start, statement.end).replace(/^export (?:declare )?|^declare /, "");
      const item = { name, doc, code, module, kind: kindOf(declaration) };
      module.declared.set(name, item);
      if (statement.type === "ExportNamedDeclaration") module.exported.push(item);
    }
  }
  return module;
}

function resolve(from, specifier) {
  if (!specifier.startsWith(".")) return undefined;
  return join(dirname(from), specifier).replace(/\.ts$/, ".d.ts");
}

function kindOf({ type }) {
  if (type === "TSDeclareFunction" || type === "FunctionDeclaration") return "Functions";
  return type === "ClassDeclaration" ? "Classes" : "Types";
}

function plainComment(text) {
  return text
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, "").trimEnd())
    .join("\n")
    .trim();
}

/** What an item speaks of: names in its code that its module declares or imports. */
function mentioned({ code, module }) {
  const bare = code.replace(/\/\*[^]*?\*\//g, "").replace(/"[^"\n]*"/g, "");
  return [...new Set(bare.match(/\b[A-Z]\w*/g) ?? [])].flatMap((name) => {
    const own = module.declared.get(name);
    if (own !== undefined) return [own];
    const found = module.imported.get(name);
    if (!found?.source || !existsSync(found.source)) return [];
    return moduleAt(found.source)
      .exported.filter((item) => item.name === (found.name ?? name))
      .slice(0, 1);
  });
}

const items = [];
const queue = [...moduleAt(join(root, "dist/builder/index.d.ts")).exported];
while (queue.length > 0) {
  const item = queue.shift();
  if (items.includes(item)) continue;
  items.push(item);
  queue.push(...mentioned(item));
}

const parts = ["# The library", "", readFileSync(join(root, "docs/api/intro.md"), "utf8").trim()];
for (const kind of ["Functions", "Classes", "Types"]) {
  parts.push("", `## ${kind}`);
  for (const { name, doc, code } of items.filter((item) => item.kind === kind)) {
    parts.push(
      "",
      `### ${name}`,
      ...(doc === "" ? [] : ["", doc]),
      "",
      "```ts",
      code.replace(/^    /gm, "  "),
      "```",
    );
  }
}
const page = `${parts.join("\n")}\n`;

if (process.argv.includes("--check")) {
  if (!existsSync(target) || readFileSync(target, "utf8") !== page) {
    process.stderr.write(
      `${relative(root, target)} is not what the declarations say: node .ci/api-docs.mjs writes it\n`,
    );
    process.exitCode = 1;
  }
} else {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, page);
}
