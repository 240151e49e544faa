import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CALLERS } from "../support/callers.ts";
import { projectRoot } from "../support/project.ts";
import { underTerminal } from "../support/terminal.ts";

const DOCKERFILE = `FROM base
COPY push-input /
RUN ["/push-input"]
`;

/** Does something on a terminal, and tells what it has to be read afterwards. */
function thenLeft(commands: readonly string[]): readonly string[] {
  const rest = 'stty -icanon -echo min 0 time 2; printf "left [%s]\\n" "$(dd bs=4096 count=1 2>/dev/null)"';
  return ["/bin/sh", "-c", [...commands, rest].join("; ")];
}

function quoted(argv: readonly string[]): string {
  return argv.map((word) => `'${word}'`).join(" ");
}

for (const { who, skip, open } of CALLERS) {
  const missing = existsSync("/usr/bin/script") ? false : "needs script(1)";
  test(
    `27: no step or container of ${who} types at its caller's terminal`,
    { skip: skip || missing },
    async (t) => {
      await using caller = await open();
      const context = join(caller.directory, "context");
      const push = join(context, "push-input");
      execFileSync("cc", ["-static", "-o", push, join(projectRoot, "fixtures/native/push-input.c")]);
      const { status, stderr } = await caller.build(DOCKERFILE, ["-t", "push"]);
      assert.equal(status, 0, stderr);
      const { env } = caller.commandOf([]);
      const leftBy = async (...commands: readonly (readonly string[])[]): Promise<string> =>
        (await underTerminal({ argv: thenLeft(commands.map(quoted)), env }, "")).stdout;

      await t.test("a step", async () => {
        const base = ["--build-context", `base=oci-layout://${caller.directory}/base`];
        const build = [
          "build",
          "--progress=plain",
          "--no-cache",
          ...base,
          "-f",
          `${caller.directory}/Dockerfile`,
        ];
        const shown = await leftBy(caller.commandOf([...build, context]).argv);
        assert.match(shown, /terminals 0, taken 0[^]*left \[\]/);
      });
      await t.test("a container, whose own terminal is another one", async () => {
        const run = ["run", "--rm", "-t", "push", "/push-input"];
        const shown = await leftBy(
          caller.commandOf(run).argv,
          caller.commandOf(["run", "--rm", "push", "/push-input"]).argv,
        );
        assert.match(shown, /terminals [1-9][^]*terminals 0, taken 0[^]*left \[\]/);
      });
      // Else the test above shows nothing. Root can type on every machine, others where CONFIG_LEGACY_TIOCSTI is.
      if (who === "root")
        await t.test("but one that is not held does", async () => {
          assert.match(await leftBy([push]), /left \[pushed/);
        });
    },
  );
}
