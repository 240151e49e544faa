import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { whyNoTerminal } from "../support/tmux.ts";
import { allPages, codeBlocks, type CodeBlock } from "./markdown.ts";
import { openScene, withoutScene, type Scene } from "./scene.ts";
import { commandsOf } from "./shell.ts";
import { runAsSudoer, whyNoSudo } from "./sudoer.ts";
import { argumentsOf, scriptsOf } from "./yaml-blocks.ts";

/*
 * Does what the documentation shows, page by page: each block `sh`, and each line that a job of a block `yaml` runs.
 * docs/dev/testing.md says what a block's marks mean, and what stands in for the registries and hosts that pages name.
 */

const skip = withoutScene();

let scene: Scene;
before(async () => {
  if (skip === false) scene = await openScene();
});
after(async () => scene?.[Symbol.asyncDispose]());

for (const page of allPages()) {
  const blocks = codeBlocks(page).filter(({ language }) => language === "sh" || language === "yaml");
  if (blocks.length === 0) continue;
  test(`what ${page.path} shows can be done`, { skip: skip || missingFor(blocks) }, async (t) => {
    const directory = await scene.directory(page.path);
    const noDocker = calls(blocks, "docker") ? await scene.dockerDaemon() : undefined;
    if (noDocker !== undefined) t.diagnostic(`what docker does is left out: ${noDocker}`);
    if (page.text.includes("fixtures/image/Dockerfile")) await scene.nodeImage();
    for (const block of blocks)
      if (noDocker === undefined || !calls([block], "docker")) await perform(block, directory);
  });
}

async function perform(block: CodeBlock, directory: string): Promise<void> {
  const { text, where, marks, language } = block;
  if (language === "yaml") for (const script of jobsOf(block)) await scene.shell(script, directory, where);
  else if (marks.includes("sudoer")) {
    // The kernel takes the ranges: a user namespace has them.
    const { status, output } = runAsSudoer(`${text}\nunshare --user --map-auto --map-root-user true\n`);
    assert.equal(status, 0, `${where}\n${output}`);
  } else if (marks.includes("terminal")) await scene.type(text, directory);
  else
    await scene.shell(
      text,
      marks.includes("clone") ? scene.clone() : directory,
      where,
      marks.includes("fails") ? 1 : 0,
    );
}

/** What jobs run: their scripts, with what GitHub puts in place of its expressions, and what a container of tsbuild is given. */
function jobsOf(block: CodeBlock): readonly string[] {
  const scripts = scriptsOf(block).map((script) =>
    script.replace(/\$\{\{ github\.(\w+) \}\}/g, (_all, name: string) =>
      name === "repository" ? "team/app" : "main",
    ),
  );
  return [...scripts, ...argumentsOf(block).map((words) => `tsbuild '${words.join("' '")}'`)];
}

function missingFor(blocks: readonly CodeBlock[]): string | false {
  const noTerminal = blocks.some(({ marks }) => marks.includes("terminal")) ? whyNoTerminal() : undefined;
  const programs = ["docker", "skopeo", "curl", "kubectl"].filter(
    (name) => calls(blocks, name) && spawnSync(name, ["--help"]).error !== undefined,
  );
  const noSudo = blocks.some(({ marks }) => marks.includes("sudoer")) ? whyNoSudo() : undefined;
  return noTerminal ?? noSudo ?? (programs.length > 0 ? `${programs.join(", ")}: not installed` : false);
}

function calls(blocks: readonly CodeBlock[], program: string): boolean {
  return blocks.some(
    ({ text, language }) => language === "sh" && commandsOf(text).some(([name]) => name === program),
  );
}
