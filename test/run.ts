import { readdirSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { projectRoot } from "./support/project.ts";

// Node 20 finds no tests by pattern: this lists the compiled ones, all of them or those whose path contains an argument.
const compiled = join(projectRoot, "dist/test");
const wanted = process.argv.slice(2);
const files = readdirSync(compiled, { recursive: true, encoding: "utf8" })
  .filter(
    (name) =>
      name.endsWith(".test.js") && (wanted.length === 0 || wanted.some((part) => name.includes(part))),
  )
  .map((name) => join(compiled, name))
  .sort();
if (files.length === 0) {
  process.stderr.write(`test: no path has ${wanted.join(" or ")} in it\n`);
  process.exit(2);
}
const { status } = spawnSync(
  process.execPath,
  ["--enable-source-maps", "--test", "--test-reporter=spec", ...files],
  {
    stdio: "inherit",
    cwd: projectRoot,
  },
);
process.exitCode = status ?? 1;
