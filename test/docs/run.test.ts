import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  startDockerRegistry,
  withoutDockerRegistry,
  type RunningRegistry,
} from "../support/docker-registry.ts";
import { projectRoot } from "../support/project.ts";
import { openRig, outcomeOf, type Rig } from "../support/rig.ts";
import { allPages, codeBlocks } from "./markdown.ts";

/*
 * Runs what the documentation shows: each ```sh block of a page, in a directory with fixtures/documentation, which is a repository,
 * and where `app` is built. A registry on the loopback stands in for all that the pages name. A block that is marked
 * `parse-only` cannot be run here (pages.test.ts parses it), one that is marked `fails` ends with 1.
 */

const skip =
  withoutDockerRegistry() ?? (existsSync("/bin/busybox") ? false : "a static busybox is not installed");
const REGISTRIES = /\b(registry\.example\.com|ghcr\.io)(?=\/)/g;
/** What Docker Hub has in the documentation: busybox under other names. */
const IMAGES = ["alpine", "debian:12", "nginx"];
const BASE = `FROM scratch
COPY busybox /bin/
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
CMD ["sleep", "600"]
`;

let rig: Rig;
let registry: RunningRegistry;

before(async () => {
  if (skip !== false) return;
  rig = openRig();
  registry = await startDockerRegistry();
  const bin = rig.path("bin");
  mkdirSync(bin);
  const cli = join(projectRoot, "dist/bin/tsbuild.cjs");
  writeFileSync(join(bin, "tsbuild"), `#!/bin/sh\nexec "${process.execPath}" "${cli}" "$@"\n`, {
    mode: 0o755,
  });
  copyFileSync("/bin/busybox", join(rig.context({ Dockerfile: BASE }, "base"), "busybox"));
  const names = IMAGES.map((name) => `-t ${registry.host}/library/${name}`);
  await shell(`tsbuild -q --push ${names.join(" ")} base`, rig.directory);
});

after(async () => {
  if (rig === undefined) return;
  await shell('ids=$(tsbuild ps -aq); [ -z "$ids" ] || tsbuild rm -f $ids', rig.directory);
  await registry?.[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

for (const page of allPages()) {
  const blocks = codeBlocks(page).filter(
    ({ language, marks }) => language === "sh" && !marks.includes("parse-only"),
  );
  if (blocks.length === 0) continue;
  test(`what ${page.path} shows can be done`, { skip }, async () => {
    const directory = rig.path(page.path.replace(/\W/g, "-"));
    cpSync(join(projectRoot, "fixtures/documentation"), directory, { recursive: true });
    await shell("git init -q . && git add . && git commit -qm demo && tsbuild -q -t app .", directory);
    for (const { text, where, marks } of blocks)
      await shell(text, directory, where, marks.includes("fails") ? 1 : 0);
  });
}

async function shell(script: string, cwd: string, where = "", expected = 0): Promise<void> {
  const child = spawn("sh", ["-e"], {
    cwd,
    env: {
      PATH: `${rig.path("bin")}:${process.env["PATH"]}`,
      HOME: rig.directory,
      TSBUILD_ROOT: rig.store,
      TSBUILD_REGISTRY_MIRRORS: `docker.io=http://${registry.host}`,
      GIT_AUTHOR_NAME: "docs",
      GIT_AUTHOR_EMAIL: "docs@example.com",
      GIT_COMMITTER_NAME: "docs",
      GIT_COMMITTER_EMAIL: "docs@example.com",
    },
  });
  child.stdin.end(script.replace(REGISTRIES, registry.host));
  const { status, stdout, stderr } = await outcomeOf(child);
  assert.equal(status, expected, `${where}\n${script}\n${stdout}\n${stderr}`);
}
