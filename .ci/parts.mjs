// Which modules of the program stand in which file of dist/bin. Node reads and compiles a file as a whole, so what every
// build needs must not lie beside what few do: a part is what its first modules import, less what earlier parts have, and
// less the first modules of later ones. Those are loaded when something of them is asked for the first time (bundle.mjs).
import { resolve } from "node:path";

/** In the order in which they take modules. */
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
      "inputs/image-layers",
    ],
  },
  { name: "building", first: ["building/build-image"] },
  {
    name: "screen",
    first: [
      "progress/plain",
      "progress/live",
      "progress/folds",
      "progress/diagnostic-text",
      "cli/commands/build/build-summary",
    ],
  },
  // What few flags and most mistakes need.
  {
    name: "words",
    first: ["cli/csv", "cli/docker-words", "cli/sizes", "core/suggest", "dockerfile/duration", "net/git-url"],
  },
  { name: "planning", first: ["stages/plan", "dockerfile/parse"] },
  { name: "graph", first: ["graph/plan"] },
  // Where instructions stand.
  { name: "places", first: ["dockerfile/ast", "dockerfile/mask"] },
  // What starts the native helper, and programs that connect networks: they work while the rest is loaded.
  {
    name: "helper",
    first: [
      "runtime/helper/start",
      "runtime/isolation/caution",
      "runtime/isolation/open",
      "runtime/network/connect",
    ],
  },
  // What runs steps and containers.
  {
    name: "steps",
    first: [
      "core/accounts",
      "core/file-spans",
      "core/read-range",
      "core/second-thread",
      "core/young-space",
      "layers/content-reader",
      "layers/edit",
      "layers/hardlinks",
      "layers/index-file",
      "layers/layer-ranges",
      "layers/layer-recorder",
      "layers/outline-of",
      "layers/path-order",
      "layers/snapshots",
      "layers/tar-writer",
      "layers/union",
      "ops/accounts",
      "ops/copy/chmod",
      "ops/copy/destination",
      "ops/copy/mkdir",
      "ops/copy/owner",
      "ops/copy/walk",
      "ops/step-roots",
      "store/aside-blob-writer",
      "store/blob-writer",
      "store/incoming-blob",
      "store/read-pieces",
      "runtime/layers/delta-snapshot",
      "runtime/layers/special-owners",
      "runtime/layers/upper-layer",
      "ops/copy-changes",
      "ops/exec-run",
      "leaks/scan-layer",
      "context/suspicious",
      "building/growth",
      "session/failed-steps",
      "space/cap",
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
  { name: "containers", first: ["run-image", "containers/open-containers", "cli/commands/containers/run"] },
  { name: "rest", first: undefined },
];

/** The part of each module: `inputs` are those of esbuild's metafile, which names each with what it imports. */
export function partsOf(inputs) {
  const parts = new Map();
  const firsts = new Map(
    PARTS.flatMap(({ name, first = [] }) => first.map((module) => [fileOf(module), name])),
  );
  for (const { name, first } of PARTS) {
    const queue = first?.map(fileOf) ?? Object.keys(inputs);
    for (let module = queue.pop(); module !== undefined; module = queue.pop()) {
      if (parts.has(module) || (firsts.get(module) ?? name) !== name) continue;
      if (inputs[module] === undefined) throw new Error(`There is no module ${module}`);
      parts.set(module, name);
      for (const { path, kind, external } of inputs[module].imports)
        if (kind !== "dynamic-import" && !external) queue.push(path);
    }
  }
  return parts;
}

function fileOf(module) {
  return module.startsWith("runtime/") ? `${module}.js` : `builder/${module}.js`;
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
