import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS } from "../../builder/cli/catalog.ts";
import { commandHelp, generalHelp } from "../../builder/cli/help.ts";
import { assertGolden } from "../progress/golden.ts";
import { cli, fakeIo } from "./rig.ts";

test("generalHelp() lists every command", () => {
  assertGolden("cli/golden/help.txt", generalHelp(COMMANDS, 80));
});

for (const { name, summary, load } of COMMANDS) {
  test(`commandHelp() explains ${name}`, async () => {
    const command = await load();
    assert.equal(command.name, name);
    assert.equal(command.summary, summary, "both places say the same");
    assertGolden(`cli/golden/help-${name}.txt`, commandHelp(command, 80));
  });

  test(`commandHelp() explains ${name} in any width`, async () => {
    const command = await load();
    for (const width of [40, 60, 100]) {
      const options = commandHelp(command, width).split("\nExamples:")[0] ?? "";
      const lines = options
        .split("\n")
        .filter((line) => line.startsWith("    ") && line.trim().includes(" "));
      for (const line of lines) assert.ok(line.length <= width + 2, `${line.length} > ${width}: ${line}`);
    }
  });

  test(`every example of ${name} is a command line that parses`, async () => {
    const command = await load();
    assert.ok(command.examples.length > 0);
    for (const [line] of command.examples) {
      const argv = wordsOf(line.split(/ \| | >/)[0] ?? "").slice(1);
      const { stderr } = await cli(argv, {}, fakeIo({ tty: ["stdin"] }));
      assert.doesNotMatch(stderr, /Cannot use|Cannot take|missing/, line);
    }
  });
}

test("no flag is both there and missing, and no short name is used twice", async () => {
  for (const { load } of COMMANDS) {
    const { flags, missing = {}, name } = await load();
    const shorts = Object.values(flags).flatMap((flag) => flag.short ?? []);
    const names = [
      ...Object.keys(flags),
      ...shorts,
      ...Object.keys(missing).flatMap((key) => key.split("|")),
    ];
    assert.deepEqual(
      names.filter((one, index) => names.indexOf(one) !== index),
      [],
      name,
    );
  }
});

/** As a shell cuts them; single quotes are the only ones in examples. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}
