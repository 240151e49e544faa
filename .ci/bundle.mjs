// Bundles the command line: dist/bin/tsbuild.cjs, which starts, the parts of all of builder/ and runtime/ (parts.mjs), and
// dist/bin/thread.cjs, what the second thread runs. Node 20 takes half a millisecond for each module that it loads, and
// a build loads 200 of them. The packages of node_modules stay where they are, but for the parser of Dockerfiles, which is 40 modules.
import { createHash } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { leanAst } from "./lean-ast.mjs";
import { entriesOf, otherParts, PARTS, partsOf } from "./parts.mjs";

process.chdir(fileURLToPath(new URL("../dist", import.meta.url)));
const buildId = idOfInputs();
if (buildId === idOfOutput()) process.exit();

const common = {
  absWorkingDir: process.cwd(),
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  external: packagesLeftOut(),
  mainFields: ["module", "main"],
  define: { "import.meta.dirname": "__dirname" },
  logLevel: "warning",
};
const replaced = { name: "build-id", setup: replaceBuildId };
await Promise.all([
  build({ ...common, entryPoints: ["./builder/thread/main.js"], outfile: "bin/thread.cjs" }),
  buildStart(),
  buildParts(),
]);
chmodSync("bin/tsbuild.cjs", 0o755);
writeFileSync("bin/build-id", buildId);

async function buildStart() {
  const entryPoints = ["./builder/cli/start.js"];
  const { outputFiles } = await build({ ...common, plugins: [replaced], entryPoints, write: false });
  writeFileSync("bin/tsbuild.cjs", `#!/usr/bin/env node\n${lazyModules(outputFiles[0].text)}`);
}

async function buildParts() {
  const entryPoints = ["./builder/cli/program.js"];
  const whole = await build({
    ...common,
    plugins: [leanAst],
    entryPoints,
    metafile: true,
    write: false,
    outfile: "whole.cjs",
  });
  const { inputs } = whole.metafile;
  const parts = partsOf(inputs);
  await Promise.all(
    PARTS.map(async ({ name }) => {
      const { outputFiles } = await build({
        ...common,
        plugins: [replaced, leanAst, otherParts(name, parts)],
        stdin: { contents: entriesOf(name, parts, inputs), resolveDir: process.cwd() },
        write: false,
      });
      await writePart(`bin/${name}.cjs`, outputFiles[0].text);
    }),
  );
}

/** What is left of `import()` is packages and other parts (program-parts.ts). */
async function writePart(path, text) {
  const program = lazyExports(lazyModules(text)).replace(/\bimport\((?=")/g, "importPackage(");
  // A third is comments and indentation, and all of it is read whenever something is built; names and lines stay for stacks.
  const { code } = await transform(program, {
    minifyWhitespace: true,
    lineLimit: 160,
    legalComments: "none",
    target: "node20",
  });
  // It is read byte by byte. esbuild has left regular expressions as they were written.
  // One expression, so that nobody has to copy a megabyte to make it one.
  const parameters = "exports, require, module, __filename, __dirname, importPackage";
  writeFileSync(path, `(function (${parameters}) {${code.replace(/[^\x00-\x7f]/g, escaped)}\n})`);
}
function escaped(unit) {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * An object with a getter for each export of a module is made when somebody imports it, not when the part is loaded. It is
 * what others need: no copy of it with getters to its getters.
 */
function lazyExports(text) {
  return text
    .replace(
      /^var (\w+) = \{\};\n__export\(\1, (\{[^}]*\})\);/gm,
      "var $1; function of_$1() { if ($1 === undefined) __export(($1 = {}), $2); return $1; }",
    )
    .replace(/\b__toCommonJS\((\w+)\)/g, "of_$1()")
    .replace(/(\(init_\w+\(\), )(\w+_exports\d*)\)/g, "$1of_$2())");
}

/**
 * Node's own modules that take a millisecond or more, and those of other parts, are loaded when something of them is asked
 * for the first time.
 */
function lazyModules(text) {
  const heavy =
    /\b(import_\w+) = require\("(node:(?:child_process|crypto|dgram|fs\/promises|net|os|stream|zlib|timers\/promises)|(?!node:)[a-z]+:[^"]+)"\);/g;
  const names = new Map();
  const bare = text.replace(heavy, (_, variable, module) => {
    names.set(variable, module);
    return `${variable} = undefined;`;
  });
  const getters = [...new Set(names.values())].map((module) => {
    const name = module.replace(/\W/g, "_");
    return `var $${name}; function ${name}() { return $${name} ??= require("${module}"); }\n`;
  });
  const lazy = bare.replace(/\b(import_\w+)\./g, (use, variable) => {
    const module = names.get(variable);
    // In parentheses, as `new` takes no call for a class.
    return module === undefined ? use : `(${module.replace(/\W/g, "_")}()).`;
  });
  return getters.join("") + lazy;
}

/** A digest of everything that the bundle is made from. */
function idOfInputs() {
  const hash = createHash("sha256").update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(readFileSync("../package-lock.json"));
  for (const folder of ["builder", "runtime"])
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort())
      if (name.endsWith(".js")) hash.update(`${name}\0`).update(readFileSync(`${folder}/${name}`));
  return hash.digest("hex").slice(0, 20);
}

/** Those that a build seldom needs, and whose files are better read when it does. */
function packagesLeftOut() {
  const { dependencies } = JSON.parse(readFileSync("../package.json", "utf8"));
  return Object.keys(dependencies).filter((name) => name !== "dockerfile-ast");
}

function idOfOutput() {
  try {
    return readFileSync("bin/build-id", "utf8");
  } catch {
    return undefined;
  }
}

function replaceBuildId(plugin) {
  plugin.onLoad({ filter: /builder\/planning\/build-id\.js$/ }, () => ({
    contents: `export const buildId = ${JSON.stringify(buildId)};`,
  }));
}
