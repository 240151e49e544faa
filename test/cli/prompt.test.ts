import assert from "node:assert/strict";
import { test } from "node:test";
import { Prompt } from "../../builder/cli/prompt.ts";
import { fakeIo } from "./rig.ts";

test("a prompt asks for a line and then for one that is not shown", async () => {
  const modes: boolean[] = [];
  const io = fakeIo();
  const typed = ["bob\n", "s3", "x\x7fcr", "wrong\x15sécret\r"];
  using prompt = new Prompt({
    ...io,
    stdin: {
      isTTY: true,
      setRawMode: (raw) => void modes.push(raw),
      async *read() {
        for (const text of typed) yield Buffer.from(text);
      },
      close: () => undefined,
    },
  });
  assert.equal(await prompt.ask("Username: "), "bob");
  assert.equal(await prompt.askHidden("Password: "), "sécret");
  assert.deepEqual(modes, [true, false]);
  assert.equal(io.out.stderr, "Username: Password: \n");
});

test("Ctrl-C at a prompt interrupts, and gives the terminal back", async () => {
  const modes: boolean[] = [];
  using prompt = new Prompt({
    ...fakeIo(),
    stdin: {
      isTTY: true,
      setRawMode: (raw) => void modes.push(raw),
      async *read() {
        yield Buffer.from("ab\x03");
      },
      close: () => undefined,
    },
  });
  await assert.rejects(prompt.askHidden("Password: "), /interrupted/);
  assert.deepEqual(modes, [true, false]);
});
