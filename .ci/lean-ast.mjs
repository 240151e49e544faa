// Makes of dockerfile-ast what is used of it: the parser that finds where instructions stand.
import { readFileSync } from "node:fs";

const PACKAGE = /\/dockerfile-ast\/lib\/.*\.js$/;
const REQUIRED = /^(?:var|const) (\w+) = require\(("[^"]+")\);$/gm;

/**
 * Its 40 modules require each other at their beginning; here each does when it needs the other, which is never for most.
 * Of the protocol's types, a thousand lines, it takes positions and ranges.
 */
export const leanAst = {
  name: "lean-ast",
  setup(plugin) {
    plugin.onResolve({ filter: /^vscode-languageserver-types$/ }, ({ path }) => ({
      path,
      namespace: "lean-ast",
    }));
    plugin.onLoad({ filter: /./, namespace: "lean-ast" }, () => ({ contents: POSITIONS }));
    plugin.onLoad({ filter: PACKAGE }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const required = new Map();
      const rest = text.replace(REQUIRED, (_line, name, module) => {
        required.set(name, module);
        return "";
      });
      const contents = rest.replace(/\b(\w+)\.(?=\w)/g, (use, name) =>
        required.has(name) ? `(require(${required.get(name)})).` : use,
      );
      return { contents, loader: "js" };
    });
  },
};

/** Language Server Protocol 3.17, "Position" and "Range", as far as dockerfile-ast makes them. */
const POSITIONS = `
const MAX = 2 ** 31 - 1;
export const Position = {
  create: (line, character) => ({ line: Math.min(line, MAX), character: Math.min(character, MAX) }),
};
export const Range = {
  create: (one, two, three, four) =>
    typeof one === "number"
      ? { start: Position.create(one, two), end: Position.create(three, four) }
      : { start: one, end: two },
};
`;
