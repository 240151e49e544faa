import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { CALLERS } from "../support/callers.ts";
import { outcomeOf, type Outcome } from "../support/rig.ts";
import { underTerminal } from "../support/terminal.ts";

const DOCKERFILE = `FROM base
RUN node -e 'fs.mkdirSync("/src"); fs.chownSync("/src", 1000, 1000)'
WORKDIR /src
USER 1000:1000
ENV COLOUR=green
RUN --network=none --mount=type=cache,id=shell,target=/cache,uid=1000 --mount=type=secret,id=token,uid=1000,env=TOKEN,target=/token \\
  --mount=type=tmpfs,target=/scratch node -e 'fs.writeFileSync("half", "done"); fs.writeFileSync("/cache/c", "kept"); process.exit(3)'
`;

const LOOK = `console.log([process.cwd(), process.getuid(), process.env.COLOUR, fs.readFileSync("half", "utf8"),
  fs.readFileSync("/cache/c", "utf8"), fs.readdirSync("/scratch").length, process.env.TOKEN ?? "none", fs.existsSync("/token")].join("|"))`;

for (const { who, skip, open } of CALLERS) {
  test(`shell of ${who} opens where the last step failed`, { skip }, async (t) => {
    await using caller = await open();
    const tsbuild = (...args: string[]): Promise<Outcome> => {
      const child = caller.start(args);
      child.stdin?.end();
      return outcomeOf(child);
    };
    const secret = `${caller.directory}/secret`;
    writeFileSync(secret, "hush", { mode: 0o644 });
    assert.match((await tsbuild("shell")).stderr, /Cannot open a shell: no step has failed/);
    const failed = await caller.build(DOCKERFILE, ["--secret", `id=token,src=${secret}`]);
    assert.equal(failed.status, 1);
    assert.match(failed.stderr, /tsbuild shell\n$/);

    await t.test(
      "as its user, in its directory, with its environment and mounts; secrets are given again",
      async () => {
        const without = await tsbuild("shell", "node", "-e", LOOK);
        assert.equal(without.stdout, "/src|1000|green|done|kept|0|none|false\n", without.stderr);
        assert.match(without.stderr, /without secret token/);
        const again = await tsbuild("shell", "--secret", `id=token,src=${secret}`, "node", "-e", LOOK);
        assert.equal(again.stdout, "/src|1000|green|done|kept|0|hush|true\n", again.stderr);
        assert.equal((await tsbuild("shell", "node", "-e", "process.exit(7)")).status, 7);
      },
    );
    await t.test("on a terminal it is a shell", async () => {
      const seen = await underTerminal(caller.commandOf(["shell"]), "echo in $PWD; exit 5\n");
      assert.match(seen.stdout, /in \/src/);
      assert.equal(seen.status, 5);
    });
    await t.test("the next build that runs a step, or prune, removes it", async () => {
      assert.equal(readdirSync(`${caller.store}/failed`).length, 1);
      const fixed = await caller.build(DOCKERFILE.replace("process.exit(3)", "process.exit(0)"), []);
      assert.equal(fixed.status, 0, fixed.stderr);
      assert.deepEqual(readdirSync(`${caller.store}/failed`), []);
      assert.equal((await caller.build("FROM base\nRUN exit 1\n", [])).status, 1);
      assert.equal((await tsbuild("prune", "-f")).status, 0);
      assert.deepEqual(readdirSync(`${caller.store}/failed`), []);
      assert.match((await tsbuild("shell")).stderr, /no step has failed/);
      assert.ok(existsSync(secret));
    });
    await t.test("--step opens what any other step left, and throws away what is written", async () => {
      assert.equal(
        (await caller.build(DOCKERFILE.replace("process.exit(3)", "process.exit(0)"), [])).status,
        0,
      );
      const look =
        'console.log([process.cwd(), process.getuid(), process.env.COLOUR, fs.existsSync("half")].join("|")); fs.writeFileSync("/src/new", "")';
      for (const [step, seen] of [
        ["2/4", "/|0||false"],
        ["WORKDIR", "/src|0||false"],
        ["half", "/src|1000|green|true"],
      ] as const) {
        const shown = await tsbuild("shell", "--step", step, "node", "-e", look);
        assert.equal(shown.stdout, `${seen}\n`, shown.stderr);
      }
      const left = await tsbuild("shell", "--step", "half", "node", "-p", "fs.readdirSync('.').join()");
      assert.equal(left.stdout, "half\n", left.stderr);
      for (const [step, why] of [
        ["node", /2 steps of the last build are called so\nhint: name one of: \[stage-0 2\/4\] RUN/],
        ["9/9", /the last build had no such step/],
      ] as const)
        assert.match((await tsbuild("shell", "--step", step)).stderr, why);
    });
  });
}
