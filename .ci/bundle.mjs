// Bundles the command line: dist/bin/tsbuild.cjs, which starts, dist/bin/program.cjs, all of builder/ and runtime/ in
// one file, and dist/bin/thread.cjs, what the second thread runs. Node 20 takes half a millisecond for each module that it
// loads, and a build loads 200 of them. The packages of node_modules stay where they are, but for the parser of Dockerfiles, which is 40 modules.
import { createHash } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

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
  plugins: [{ name: "build-id", setup: replaceBuildId }],
  logLevel: "warning",
};
await Promise.all([
  build({ ...common, entryPoints: ["./builder/cli/program.js"], outfile: "bin/program.cjs" }),
  build({ ...common, entryPoints: ["./builder/thread/main.js"], outfile: "bin/thread.cjs" }),
  build({
    ...common,
    entryPoints: ["./builder/cli/start.js"],
    outfile: "bin/tsbuild.cjs",
    banner: { js: "#!/usr/bin/env node" },
  }),
]);
// What is left of these are packages (code-cache.ts).
const program = lazyBuiltins(readFileSync("bin/program.cjs", "utf8")).replace(
  /\bimport\((?=")/g,
  "importPackage(",
);
// A third is comments and indentation, and all of it is read whenever something is built; names and lines stay for stacks.
const { code } = await transform(program, {
  minifyWhitespace: true,
  lineLimit: 160,
  legalComments: "none",
  target: "node20",
});
// start.ts reads it byte by byte. esbuild has left regular expressions as they were written.
const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
// One expression, so that nobody has to copy a megabyte to make it one.
const parameters = "exports, require, module, __filename, __dirname, importPackage";
writeFileSync("bin/program.cjs", `(function (${parameters}) {${code.replace(/[^\x00-\x7f]/g, escaped)}\n})`);
chmodSync("bin/tsbuild.cjs", 0o755);
writeFileSync("bin/build-id", buildId);

/** Node's own modules that take a millisecond or more are loaded when something of them is asked for the first time. */
function lazyBuiltins(text) {
  const heavy =
    /\b(import_\w+) = require\("(node:(?:child_process|crypto|fs\/promises|net|stream|zlib|timers\/promises))"\);/g;
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
    return module === undefined ? use : `${module.replace(/\W/g, "_")}().`;
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
