import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { MountSpec } from "../../../runtime/types.ts";
import { marked } from "./plain-mounts.ts";
import { Lines, Rig, skip } from "./rig.ts";

test("what a step writes to read-only mounts of a plain tree is lost, and told of", { skip }, async (t) => {
  await using rig = await Rig.start({ plain: true });
  const source = rig.path("source");
  mkdirSync(join(source, "src/deep"), { recursive: true });
  writeFileSync(join(source, "src/deep/f"), "as it was");
  writeFileSync(join(source, "file"), "a file");
  mkdirSync(rig.path("cache"));
  const flags = { readonly: true };
  const mounts: MountSpec[] = [
    { type: "dev", target: "/dev", shmSize: 0 },
    { type: "layers", target: "/src", lowers: [source], source: "src", flags },
    { type: "bind", target: "/bound", source, recursive: false, flags },
    { type: "bind", target: "/part", source, subpath: "/src", recursive: false, flags },
    { type: "bind", target: "/one", source: join(source, "file"), recursive: false, flags },
    { type: "file", target: "/etc/given", data: Buffer.from("given"), mode: 0o644, uid: 0, gid: 0, flags },
    // In one that is read-only, another that is not.
    { type: "bind", target: "/bound/src/deep", source: rig.path("cache"), recursive: false, flags: {} },
  ];
  const cases: readonly (readonly [command: string, wasted: readonly string[]])[] = [
    ["cat /src/deep/f /bound/file /part/deep/f /one /etc/given; ls -lR /src /bound >/dev/null", []],
    ["echo >/bound/src/deep/kept; mkdir /bound/src/deep/d", []],
    ["echo more >>/src/deep/f; rm -r /part/deep", ["/src", "/part"]],
    ["chmod 600 /etc/given; mv /one /bound/", ["/bound", "/one", "/etc/given"]],
    ["touch -d @5 /src/deep/f; exit 3", ["/src"]],
  ];
  for (const [command, expected] of cases) {
    await t.test(command, async () => {
      const wasted: string[] = [];
      const changes = new Lines();
      const root = await rig.plainTree();
      await rig.helper.run(rig.plan(command, { init: false, root, mounts }), {
        onOutput: () => undefined,
        onWasted: (target) => wasted.push(target),
        changes,
      });
      assert.deepEqual(wasted, expected);
      assert.deepEqual(changes.lines, []);
      assert.equal(readFileSync(join(source, "src/deep/f"), "latin1"), "as it was");
      assert.deepEqual(readdirSync(source).sort(), ["file", "src"]);
    });
  }
  assert.deepEqual(readdirSync(rig.path("cache")).sort(), ["d", "kept"]);
});

test("a step that kills the process which watches it leaves no process", { skip }, async () => {
  await using rig = await Rig.start({ plain: true });
  const [root, other] = [await rig.plainTree(), await rig.plainTree()];
  const env = ["PATH=/bin", `MARK=${rig.root}`];
  const command = "(setsid sh -c 'trap \"\" TERM HUP; sleep 1000 & sleep 1000' &); kill -9 $PPID; sleep 1000";
  const io = { onOutput: () => undefined };
  const failed = assert.rejects(
    rig.helper.run(rig.plan(command, { init: false, mounts: [], root, env }), io),
    /Cannot/,
  );
  const input = async function* () {
    await failed;
    yield Buffer.from("go on\n");
  };
  const plan = rig.plan("read line", { init: false, mounts: [], root: other });
  const beside = rig.helper.run(plan, { ...io, stdin: input() });
  await failed;
  assert.deepEqual(marked(`MARK=${rig.root}`), []);
  assert.equal((await beside).code, 0, "a step beside it goes on");
});
