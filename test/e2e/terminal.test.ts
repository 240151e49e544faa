import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { projectRoot } from "../support/project.ts";
import { openRig, type Rig } from "../support/rig.ts";
import { openTerminal, whyNoTerminal, type Terminal } from "../support/tmux.ts";

const skip = whyNoTerminal() ?? false;

/** A build in a terminal of 80 × 24. */
async function openBuild(rig: Rig, dockerfile: string): Promise<Terminal> {
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: dockerfile });
  const cli = join(projectRoot, "dist/bin/tsbuild.cjs");
  const command = [process.execPath, cli, "build", ...base, "-t", "app", context].join(" ");
  return openTerminal(command, { env: { TSBUILD_ROOT: rig.store }, columns: 80, rows: 24 });
}

/** Goes on when somebody writes to the fifo of the cache mount, and never ends of itself. */
const WAIT = "echo waiting; while :; do read x </dev/zero; done";

test(
  "a terminal shows what runs with its last lines, at any width, and Ctrl-C ends it",
  { skip },
  async () => {
    await using rig = openRig();
    using terminal = await openBuild(rig, `FROM base\nRUN echo first line; echo second line; ${WAIT}\n`);
    const running = await terminal.shows(/# waiting/);
    assert.match(running, /^\[\+\] Building \d+\.\ds \(1\/2\)$/m);
    assert.match(running, /^ => \[.*2\/2\] RUN echo first line; .* +\d+\.\ds$/m);
    assert.match(running, /^ => => # first line\n => => # second line\n => => # waiting$/m);

    for (const columns of [50, 120, 20]) {
      terminal.resize(columns, 24);
      // One frame, and no rests of others.
      await terminal.shows(/^(?![^]*\[\+\][^]*\[\+\])[^]*\[\+\] Building/);
    }
    terminal.resize(80, 24);
    await terminal.shows(/RUN echo first line; echo second/);
    terminal.type("C-c");
    const ended = await terminal.shows(/status 130/);
    assert.match(ended, /CANCELED \[.*2\/2\] RUN/);
    assert.match(ended, /interrupted/i);
  },
);

test(
  "a terminal keeps the explanation of a failure, and the cursor comes back below it",
  { skip },
  async () => {
    await using rig = openRig();
    using terminal = await openBuild(
      rig,
      "FROM base\nRUN printf 'wide 日本\\033[2J\\033[31mred\\n'; exit 9\n",
    );
    const text = await terminal.shows(/status 1/);
    assert.match(text, /ERROR \[.*2\/2\] RUN printf/);
    assert.match(text, /wide 日本red/, "what it wrote moved nothing on the screen");
    assert.match(text, />>> RUN printf/);
    assert.match(text, /error: Cannot finish step .*exit code 9/s);
    assert.match(text, /status 1\n/);
  },
);
