import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { Rig, skip } from "./rig.ts";

/** A program that does what pasta and slirp4netns do, for a namespace at `$0`. */
const program = (script: string, path: string): string[] => ["/bin/sh", "-c", script, path];

test("a network is connected when its program says so, in either way", { skip }, async () => {
  await using rig = await Rig.start();
  const path = rig.path("net");
  for (const says of ["echo 1 >&3", 'exec 3>&-; echo $$ > "$0.ready"']) {
    await using link = await rig.helper.connect(path, program(`${says}; exec sleep 1000`, path));
    await link.connected;
    assert.ok(!existsSync(`${path}.ready`));
  }
  assert.ok(!existsSync(path));
});

test("a network is not connected when its program ends without a word of that", { skip }, async () => {
  await using rig = await Rig.start();
  const path = rig.path("net");
  for (const [script, reason] of [
    ["exit 0", /Cannot connect a network with \/bin\/sh: it said nothing/],
    ["echo no device >&2; exit 1", /Cannot connect a network with \/bin\/sh: no device/],
    ["exec 3>&-; sleep 0", /it said nothing/],
  ] as const) {
    await using link = await rig.helper.connect(path, program(script, path));
    await assert.rejects(link.connected, reason);
    assert.ok(!existsSync(`${path}.ready`));
  }
});
