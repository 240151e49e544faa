import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { emptied, openRig, type Outcome } from "../support/rig.ts";

test("RUN --mount shows a step what it names and leaves none of it in the image", async (t) => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const secret = rig.path("secret");
  writeFileSync(secret, "s3cr3t-value\n");
  const build = (lines: readonly string[], ...flags: string[]): Promise<Outcome> => {
    const stage = `FROM base AS one\nRUN node -e 'fs.mkdirSync("/d"); fs.writeFileSync("/d/f", "from one")'\n`;
    const context = rig.context({
      Dockerfile: `${stage}FROM base\n${lines.join("\n")}\n`,
      "in.txt": "from the context",
    });
    return rig.tsbuild(["build", "--progress=plain", ...base, ...flags, context]);
  };
  const prints = async (line: string, expected: RegExp, ...flags: string[]): Promise<void> => {
    const { status, stderr } = await build([line], ...flags);
    assert.equal(status, 0, stderr);
    assert.match(stderr, expected);
  };

  await t.test("bind of a stage is read-only", () =>
    prints(
      `RUN --mount=from=one,source=/d,target=/m node -e 'console.log(fs.readFileSync("/m/f", "utf8")); try { fs.writeFileSync("/m/x", "") } catch (e) { console.log(e.code) }'`,
      /from one[^]*EROFS/,
    ),
  );
  await t.test("what is written to a bind mount with rw is thrown away", () =>
    prints(
      `RUN --mount=from=one,source=/d,target=/m,rw node -e 'fs.writeFileSync("/m/x", "")'\nRUN --mount=from=one,source=/d,target=/m node -e 'console.log("holds", fs.readdirSync("/m").join())'`,
      /holds f\n/,
    ),
  );
  await t.test("bind of the context, and a change of what is bound runs the step again", async () => {
    const line = `RUN --mount=source=in.txt,target=/in node -e 'console.log("read", fs.readFileSync("/in", "utf8"))'`;
    await prints(line, /read from the context/);
    await prints(line, /in\.txt,target[^]*CACHED/);
    const context = rig.context({ "in.txt": "changed" });
    const again = await rig.tsbuild(["build", "--progress=plain", ...base, context]);
    assert.match(again.stderr, /read changed/);
  });
  await t.test(
    "a cache mount keeps what steps write, and begins with the mode that is asked for",
    async () => {
      const count = `node -e 'const f = "/c/n"; const n = fs.existsSync(f) ? Number(fs.readFileSync(f)) : 0; fs.writeFileSync(f, String(n + 1)); console.log("was", n, (fs.statSync("/c").mode & 0o7777).toString(8))'`;
      await prints(`RUN --mount=type=cache,target=/c,mode=0700 ${count}`, /was 0 700/);
      await prints(`RUN --mount=type=cache,target=/c,mode=0700 : again; ${count}`, /was 1 700/);
      await prints(`RUN --mount=type=cache,target=/c,id=other,sharing=locked : other; ${count}`, /was 0 755/);
      await prints(
        `RUN --mount=type=cache,target=/c,id=filled,from=one,source=/d node -e 'console.log(fs.readdirSync("/c"))'`,
        /'f'/,
      );
    },
  );
  await t.test("tmpfs", () =>
    prints(
      `RUN --mount=type=tmpfs,target=/t,size=1m node -e 'console.log(fs.readFileSync("/proc/mounts", "utf8"))'`,
      /tmpfs \/t tmpfs .*size=1024k/,
    ),
  );
  await t.test("a secret is a file of root's, or a variable, and never in the output", async () => {
    const show = `node -e 'const text = fs.readFileSync("/run/secrets/tok", "utf8"); console.log("it is", text, process.env.TOK, (fs.statSync("/run/secrets/tok").mode & 0o777).toString(8), text.length)'`;
    const { status, stderr } = await build(
      [`RUN --mount=type=secret,id=tok --mount=type=secret,id=tok,env=TOK ${show}`],
      "--secret",
      `id=tok,src=${secret}`,
    );
    assert.equal(status, 0, stderr);
    assert.match(stderr, /it is \*\*\*\s+(#\d+ [\d.]+ )?\*\*\*[^]*400 13/);
    assert.doesNotMatch(stderr, /s3cr3t/);
    await emptied(join(rig.store, "tmp"));
    for (const file of readdirSync(rig.store, { recursive: true, encoding: "utf8", withFileTypes: true })) {
      if (file.isFile())
        assert.ok(
          !readFileSync(join(file.path, file.name)).includes("s3cr3t"),
          `${file.path}/${file.name} has the secret`,
        );
    }
  });
  await t.test("a secret that is required and was not given ends the build at its line", async () => {
    const { status, stderr } = await build(["RUN --mount=type=secret,id=gone,required true"]);
    assert.equal(status, 1 + 1, stderr);
    assert.match(stderr, />>> RUN --mount=type=secret[^]*--secret id=gone/);
  });
  await t.test("mount points that the image lacks are not left behind", async () => {
    const out = rig.path("out");
    const { status, stderr } = await build(
      ["RUN --mount=type=tmpfs,target=/new/place --mount=type=cache,target=/etc/deep/er true"],
      "-o",
      out,
    );
    assert.equal(status, 0, stderr);
    assert.ok(!readdirSync(out).includes("new"));
    assert.ok(!readdirSync(join(out, "etc")).includes("deep"));
  });
});
