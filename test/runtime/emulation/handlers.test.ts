import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { handlerOf } from "../../../runtime/emulation/handlers.ts";
import { elfProgram, MACHINES } from "../../../runtime/emulation/machines.ts";

const ENTRY = `enabled
interpreter /usr/bin/qemu-aarch64-static
flags: OCF
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
`;

function programFor(name: string): Buffer {
  const machine = MACHINES[name];
  assert.ok(machine !== undefined);
  return elfProgram(machine, machine.exit);
}

test("handlerOf() finds the handler that the kernel would take", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);
  const arm64 = programFor("arm64");
  assert.equal(handlerOf(arm64, join(directory, "missing")), undefined);
  write("status", "enabled\n");
  write("register", "");
  write("python3.11", "enabled\ninterpreter /usr/bin/python3.11\nflags: \noffset 0\nmagic a70d0d0a\n");
  write("by-extension", "enabled\ninterpreter /bin/wine\nflags: \nextension .exe\n");
  assert.equal(handlerOf(arm64, directory), undefined);
  write("qemu-aarch64", ENTRY);
  const found = handlerOf(arm64, directory);
  assert.deepEqual([found?.interpreter, found?.isFixed], ["/usr/bin/qemu-aarch64-static", true]);
  assert.equal(handlerOf(programFor("riscv64"), directory), undefined);
  write("qemu-aarch64", ENTRY.replace("OCF", "OC"));
  assert.equal(handlerOf(arm64, directory)?.isFixed, false);
  write("qemu-aarch64", ENTRY.replace("enabled", "disabled"));
  assert.equal(handlerOf(arm64, directory), undefined);
  write("qemu-aarch64", ENTRY);
  write("status", "disabled\n");
  assert.equal(handlerOf(arm64, directory), undefined);
});
