import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { test } from "node:test";
import { CALLERS } from "../support/callers.ts";
import { canaryIn } from "../support/canary.ts";
import { openGitServer } from "../support/git-server.ts";
import { listTree } from "../support/list-tree.ts";
import { outcomeOf } from "../support/rig.ts";

for (const { who, skip, open } of CALLERS) {
  test(`sources of ${who} that mean harm change nothing outside`, { skip }, async (t) => {
    await using caller = await open();
    await using git = await openGitServer();
    const canary = canaryIn(caller.directory);
    chmodSync(canary, 0o777);
    const before = listTree(canary);
    const base = ["--build-context", `base=oci-layout://${caller.directory}/base`];
    const build = (...args: string[]) =>
      outcomeOf(caller.start(["build", "--progress=plain", ...base, ...args]));
    const unchanged = (): void => assert.deepEqual(listTree(canary), before);
    const dockerfile = "FROM base\nCOPY . /got\n";

    await t.test(
      "2: a subdirectory of a repository is a directory of it, through no link and no ..",
      async () => {
        git.create("subdir.git");
        git.commit("subdir.git", {
          Dockerfile: dockerfile,
          link: { link: canary },
          "real/out": { link: "../../../../.." },
          "real/Dockerfile": dockerfile,
        });
        for (const subdir of ["link/er", "..", "real/out", "real/../link"]) {
          const { status, stderr } = await build(`${git.url("subdir.git")}#:${subdir}`);
          assert.notEqual(status, 0, `${subdir}: ${stderr}`);
          assert.doesNotMatch(stderr, /alive/);
        }
        assert.equal((await build(`${git.url("subdir.git")}#:real`)).status, 0);
        unchanged();
      },
    );
    await t.test("3: a branch whose name is an option, by default or asked for, is a name", async () => {
      git.create("option.git");
      const commit = git.commit("option.git", { Dockerfile: dockerfile });
      const option = `--upload-pack=touch ${canary}/pwned`;
      for (const name of ["-x", "--upload-pack=sh"])
        git.git("option.git", ["update-ref", `refs/heads/${name}`, commit]);
      git.git("option.git", ["symbolic-ref", "HEAD", "refs/heads/--upload-pack=sh"]);
      const byDefault = await build(git.url("option.git"));
      assert.equal(byDefault.status, 0, byDefault.stderr);
      for (const ref of [option, "-x", "--upload-pack=sh"]) await build(`${git.url("option.git")}#${ref}`);
      unchanged();
    });
    await t.test("3: what a step removes, or leaves out, is below its root", async () => {
      const { status, stderr } = await caller.build(
        `FROM base\nRUN node -e 'fs.symlinkSync("${canary}", "/link")'\nCOPY --exclude=../../** . /link/\nRUN node -e 'fs.rmSync("/link", { recursive: true }); fs.rmSync("/../..${canary}", { recursive: true, force: true })'\n`,
        [],
      );
      assert.equal(status, 0, stderr);
      unchanged();
    });
    await t.test(
      "26: triggers of a base image are said in the log, and get no secret that was not given",
      async () => {
        const trigger = `RUN --mount=type=secret,id=token node -e 'console.log("secrets", fs.existsSync("/run/secrets/token"))'`;
        assert.equal((await caller.build(`FROM base\nONBUILD ${trigger}\n`, ["-t", "evil"])).status, 0);
        const { status, stderr } = await caller.build("FROM evil\nENV A=b\n", []);
        assert.equal(status, 0, stderr);
        assert.match(stderr, /ONBUILD RUN --mount=type=secret,id=token/);
        assert.match(stderr, /secrets false/);
        unchanged();
      },
    );
  });
}
