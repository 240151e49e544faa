import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { containerHosts } from "../support/container-host.ts";
import { listTree } from "../support/list-tree.ts";

/** Links to everywhere, and a path that is a directory at one moment and a link out at the next. */
const LINKS = (canary: string): string => `
const fs = require("fs");
fs.mkdirSync("/in" + ${JSON.stringify(canary)}, { recursive: true });
fs.symlinkSync(${JSON.stringify(canary)}, "/abs");
fs.symlinkSync("../../../../../../../..${canary}", "/rel");
fs.symlinkSync("/proc/1/root${canary}", "/proc-root");
fs.symlinkSync("/proc/self/root${canary}", "/self-root");
fs.mkdirSync("/real");
fs.writeFileSync("/real/alive", "theirs");
fs.symlinkSync(${JSON.stringify(canary)}, "/link");
fs.mkdirSync("/tree");
fs.symlinkSync(${JSON.stringify(canary)}, "/tree/sub");
console.log("ready");
setInterval(() => {
  for (let turn = 0; turn < 500; turn++) try {
    fs.renameSync("/real", "/swap"); fs.renameSync("/link", "/real");
    fs.renameSync("/real", "/link"); fs.renameSync("/swap", "/real");
  } catch {}
}, 1);
`;

for (const { who, skip, open } of containerHosts()) {
  test(`no file is copied, and nothing mounted, out of a container of ${who}`, { skip }, async (t) => {
    await using host = await open();
    const { directory, tsbuild } = host;
    const canary = join(directory, "canary");
    mkdirSync(canary);
    writeFileSync(join(canary, "alive"), "alive", { mode: 0o666 });
    const before = listTree(canary);
    const [mine, out] = [join(directory, "mine"), join(directory, "out")];
    for (const path of [mine, out]) {
      mkdirSync(path);
      chmodSync(path, 0o777);
    }
    writeFileSync(join(mine, "alive"), "mine", { mode: 0o644 });

    host.start("links", LINKS(canary));
    await t.test("11: cp follows no link of the container out of it (CVE-2018-15664)", () => {
      for (const link of ["/abs", "/rel", "/proc-root", "/self-root"]) {
        for (const path of [`${link}/`, `${link}/alive`]) {
          const { output } = tsbuild("cp", join(mine, "alive"), `links:${path}`);
          assert.doesNotMatch(output, /this is a bug/);
        }
        tsbuild("cp", "-L", `links:${link}/alive`, join(out, "read"));
        assert.notEqual(contentOf(join(out, "read")), "alive", link);
      }
    });
    await t.test("11: nor one that comes while it looks (GHSA-vp62-88p7-qqf5)", () => {
      for (let turn = 0; turn < 4; turn++) {
        tsbuild("cp", join(mine, "alive"), "links:/real/alive");
        tsbuild("cp", "links:/real/alive", join(out, "raced"));
        assert.notEqual(contentOf(join(out, "raced")), "alive");
      }
    });
    await t.test("11: nor a link of its own that an earlier cp brought here", () => {
      const dest = join(out, "dest");
      assert.equal(tsbuild("cp", "links:/tree", dest).status, 0);
      const script =
        'fs.rmSync("/tree/sub"); fs.mkdirSync("/tree/sub"); fs.writeFileSync("/tree/sub/alive", "theirs")';
      assert.equal(tsbuild("exec", "links", "node", "-e", script).status, 0);
      const { status, output } = tsbuild("cp", "links:/tree/.", dest);
      assert.equal(status, 1);
      assert.match(output, /Cannot overwrite 'sub' with a directory/);
    });
    await t.test("11: the same of one that does not run", () => {
      assert.equal(tsbuild("stop", "-t", "0", "links").status, 0);
      for (const link of ["/abs", "/rel", "/self-root"]) {
        tsbuild("cp", join(mine, "alive"), `links:${link}/alive`);
        tsbuild("cp", `links:${link}/alive`, join(out, "stopped"));
        assert.notEqual(contentOf(join(out, "stopped")), "alive");
      }
      assert.equal(tsbuild("commit", "links", "linked").status, 0);
      assert.equal(tsbuild("rm", "links").status, 0);
    });
    await t.test("11: volumes and mounts below links of an image are made inside it", () => {
      const script = ["linked", "node", "-e", "console.log('mounted')"];
      for (const flags of [
        ["-v", `${mine}:/abs/new`],
        ["--mount", "type=tmpfs,target=/rel/deep/new"],
        ["-w", "/abs/made"],
      ])
        assert.equal(tsbuild("run", "--rm", "--network", "none", ...flags, ...script).output, "mounted\n");
      const { output } = tsbuild("run", "--rm", "-v", `${mine}:/proc-root/new`, ...script);
      assert.doesNotMatch(output, /this is a bug/);
    });
    await t.test("25: names that Node treats as its own are names like others", () => {
      const names = ["__proto__", "constructor", "hasOwnProperty", "toString"];
      const flags = names.flatMap((name) => ["-e", `${name}=e`, "--label", `${name}=l`]);
      const script = `console.log(${JSON.stringify(names)}.map((name) => require("child_process").execFileSync("/bin/sh", ["-c", "echo $" + name]).toString().trim()).join())`;
      const { output } = tsbuild(
        "run",
        "--name",
        "names",
        "--network",
        "none",
        ...flags,
        "app",
        "node",
        "-e",
        script,
      );
      assert.equal(output, "e,e,e,e\n");
      for (const name of names) {
        assert.equal(
          tsbuild("ps", "-a", "--format", "{{.Names}}", "--filter", `label=${name}=l`).output,
          "names\n",
        );
        assert.equal(tsbuild("ps", "-aq", "--filter", `label=${name}=x`).output, "");
      }
      assert.equal(tsbuild("ps", "-aq", "--filter", "label=valueOf").output, "");
      const [{ Config }] = JSON.parse(tsbuild("inspect", "names").output) as [{ Config: { Labels: object } }];
      assert.deepEqual(Object.keys(Config.Labels).sort(), [...names].sort());
    });
    assert.deepEqual(listTree(canary), before);
  });
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
