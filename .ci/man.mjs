// Writes the man pages of the compiled command line to dist/man, which the package brings along.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../dist/builder/cli/catalog.js";
import { commandPage, generalPage } from "../dist/builder/cli/man.js";
import { version } from "../dist/builder/core/version.js";

const folder = fileURLToPath(new URL("../dist/man", import.meta.url));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/tsbuild.1`, generalPage(COMMANDS, version()));
for (const { name, load } of COMMANDS) {
  writeFileSync(`${folder}/tsbuild-${name}.1`, commandPage(await load(), version()));
}
