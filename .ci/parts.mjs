// Which modules of the program stand in which file of dist/bin. Node reads and compiles a file as a whole, so what every
// build needs must not lie beside what few do: a part is what its first modules import, less what earlier parts have.
import { resolve } from "node:path";

/** In the order of rank: modules of a part import at their top only what stands in the same or in an earlier one. */
export const PARTS = [
  {
    name: "program",
    first: [
      "cli/program",
      "cli/commands/build/build",
      "cli/commands/build/call",
      "progress/open",
      "progress/quiet",
      "progress/style",
      "cli/commands/build/answers-text",
      "build",
      "planning/check",
      // Containers need these too, and nothing else of the parts that have them otherwise.
      "stages/signals",
      "core/accounts",
      "ops/accounts",
      "inputs/image-layers",
    ],
  },
  { name: "building", first: ["building/build-image"] },
  {
    name: "screen",
    first: ["progress/plain", "progress/live", "progress/folds", "cli/commands/build/build-summary"],
  },
  { name: "planning", first: ["stages/plan", "graph/plan", "dockerfile/parse"] },
  // What runs steps and containers.
  {
    name: "steps",
    first: [
      "ops/copy-changes",
      "ops/exec-run",
      "leaks/scan-layer",
      "context/suspicious",
      "building/growth",
      "session/failed-steps",
      "space/cap",
      "runtime/helper/start",
      "runtime/isolation/open",
      "runtime/layers/apply-indexed",
      "runtime/layers/delta-over",
      "runtime/layers/sealing",
      "runtime/layers/sealing-layer",
      "runtime/layers/tar-progress",
      "runtime/layers/unpack",
      "runtime/limits/sandbox-limits",
      "runtime/network/pool",
      "runtime/seccomp/compile",
      "store/locks",
    ],
  },
  { name: "containers", first: ["run-image", "cli/commands/containers/run"] },
  { name: "rest", first: undefined },
];

/** The part of each module: `inputs` are those of esbuild's metafile, which names each with what it imports. */
export function partsOf(inputs) {
  const parts = new Map();
  for (const { name, first } of PARTS) {
    const queue =
      first?.map((module) => (module.startsWith("runtime/") ? `${module}.js` : `builder/${module}.js`)) ??
      Object.keys(inputs);
    for (let module = queue.pop(); module !== undefined; module = queue.pop()) {
      if (parts.has(module)) continue;
      if (inputs[module] === undefined) throw new Error(`There is no module ${module}`);
      parts.set(module, name);
      for (const { path, kind, external } of inputs[module].imports)
        if (kind !== "dynamic-import" && !external) queue.push(path);
    }
  }
  return parts;
}

/** What a part hands out: its modules that others import, and the first of all. */
export function entriesOf(part, parts, inputs) {
  const entries = new Set(part === "program" ? ["builder/cli/program.js"] : []);
  for (const [module, { imports }] of Object.entries(inputs))
    for (const { path } of imports)
      if (parts.get(path) === part && parts.get(module) !== part) entries.add(path);
  // Each is evaluated when it is asked for, and esbuild makes an object of its exports.
  const lines = [...entries].sort().map((path) => `${JSON.stringify(path)}: () => require("./${path}"),\n`);
  return `exports.modules = {\n${lines.join("")}};\n`;
}

/** Leaves modules of other parts to `require` and `import`, by the name `part:module`. */
export function otherParts(part, parts) {
  return {
    name: "parts",
    setup(plugin) {
      plugin.onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const module = resolve(resolveDir, path).slice(process.cwd().length + 1);
        const owner = parts.get(module);
        return owner === undefined || owner === part
          ? undefined
          : { path: `${owner}:${module}`, external: true };
      });
    },
  };
}
