import assert from "node:assert/strict";
import { linkSync, lstatSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { node, openBuilder } from "./builder.ts";

/** A user, and a file of theirs. */
function fileOf(user: string): readonly string[] {
  return [`USER ${user}`, node(`fs.writeFileSync("/tmp/${user.replace(":", "-")}", "")`)];
}

test("what only a build can show of these rules", async (t) => {
  await using builder = await openBuilder();
  const { put, build, built, context } = builder;
  put("a", "1");

  await t.test("rule 22: what is written to a VOLUME stays, and the directory is not made", async () => {
    const image = await built(
      "FROM base AS build",
      "VOLUME /data",
      "RUN [ ! -e /data ]",
      node('fs.mkdirSync("/data"); fs.writeFileSync("/data/kept", "")'),
      "FROM scratch",
      "COPY --from=build /data /",
    );
    assert.deepEqual(image, ["kept f 0644 0:0"]);
  });

  await t.test("rule 23: USER and --chown find their numbers in the image", async () => {
    const image = await built(
      "FROM base AS build",
      ...["node", "1000", "1234", "1234:5678", "node:root"].flatMap(fileOf),
      "COPY --chown=1234 a /owned/number",
      "COPY --chown=node a /owned/name",
      "FROM scratch",
      "COPY --from=build /tmp /owned /",
    );
    assert.deepEqual(image, [
      "1000 f 0644 1000:1000",
      "1234 f 0644 1234:0",
      "1234-5678 f 0644 1234:5678",
      "name f 0644 1000:1000",
      "node f 0644 1000:1000",
      "node-root f 0644 1000:0",
      "number f 0644 1234:1234",
    ]);
    const unknown = await build("FROM base", "COPY --chown=nobody-here a /");
    assert.equal(unknown.status, 1);
    assert.match(unknown.stderr, /nobody-here/);
  });

  await t.test("rule 24: WORKDIR and RUN make their directory for the user", async () => {
    const image = await built(
      "FROM base AS build",
      "WORKDIR /gone",
      `WORKDIR /`,
      node('fs.rmdirSync("/gone")'),
      "WORKDIR /gone/again",
      node('process.chdir("/"); fs.rmSync("/gone", { recursive: true })'),
      "USER node",
      "RUN true",
      "WORKDIR /made/by/node",
      "FROM scratch",
      "COPY --from=build --parents /./gone /./made /",
    );
    assert.deepEqual(image, [
      "gone d 0755 1000:1000",
      "gone/again d 0755 1000:1000",
      "made d 0755 1000:1000",
      "made/by d 0755 1000:1000",
      "made/by/node d 0755 1000:1000",
    ]);
  });

  await t.test("rule 27: a link in the context that leads out of it is not followed", async () => {
    symlinkSync("/etc/hostname", join(context, "out"));
    const { status, stderr } = await build("FROM scratch", "COPY out /");
    assert.equal(status, 1);
    assert.match(stderr, /Cannot copy "out"/);
  });

  await t.test("rule 30: the destination follows links of the image, inside of it", async () => {
    const image = await built(
      "FROM base AS build",
      node('fs.mkdirSync("/x/real", { recursive: true }); fs.symlinkSync("../../x/real", "/x/link")'),
      "COPY a /x/link/",
      "FROM scratch",
      "COPY --from=build /x /",
    );
    assert.deepEqual(image, ["link l 0777 0:0 -> ../../x/real", "real d 0755 0:0", "real/a f 0644 0:0"]);
  });

  await t.test("rule 31: a directory that is there keeps its mode and its owner", async () => {
    put("tree/sub/b", "");
    const image = await built(
      "FROM base AS build",
      node(
        'fs.mkdirSync("/d/sub", { recursive: true }); fs.chmodSync("/d", 0o700); fs.chownSync("/d", 5, 6)',
      ),
      node('fs.chmodSync("/d/sub", 0o700); fs.chownSync("/d/sub", 5, 6)'),
      "COPY tree /d",
      "FROM scratch",
      "COPY --from=build --parents /./d /",
    );
    assert.deepEqual(image, ["d d 0700 5:6", "d/sub d 0755 0:0", "d/sub/b f 0644 0:0"]);
  });

  await t.test("rule 32: an octal --chmod is that of the parents that it makes", async () => {
    const octal = await built("FROM scratch", "COPY --chmod=644 --chown=7:8 a /p/");
    assert.deepEqual(octal, ["p d 0644 7:8", "p/a f 0644 7:8"]);
    const symbolic = await built("FROM scratch", "COPY --chmod=u=rwX,go= a /p/");
    assert.deepEqual(symbolic, ["p d 0755 0:0", "p/a f 0600 0:0"]);
  });

  await t.test("rule 33: modes, times and hard links of the context are kept, owners are not", async () => {
    const file = put("kept/setuid", "x", 0o4755);
    linkSync(file, join(context, "kept/twin"));
    utimesSync(file, 86_400, 86_400);
    assert.deepEqual(await built("FROM scratch", "COPY kept /"), [
      "setuid f 4755 0:0",
      "twin f 4755 0:0 = setuid",
    ]);
    assert.equal(lstatSync(builder.result("setuid")).mtimeMs, 86_400_000);
    const stage = ["FROM scratch AS s", "COPY --chown=7:8 a /", "FROM scratch", "COPY --from=s /a /"];
    assert.deepEqual(await built(...stage), ["a f 0644 7:8"]);
  });

  await t.test("rule 34: --link takes no notice of what is below", async () => {
    const lines = [
      "FROM base AS build",
      node('fs.mkdirSync("/x/real", { recursive: true }); fs.symlinkSync("real", "/x/link")'),
      "COPY --link a /x/link/",
      "FROM scratch",
      "COPY --from=build /x /",
    ];
    assert.deepEqual(await built(...lines), ["link d 0755 0:0", "link/a f 0644 0:0", "real d 0755 0:0"]);
  });

  await t.test(
    "rule 38: an ignore file hides files of the context, not of stages, nor itself from the builder",
    async () => {
      put(".dockerignore", "*\n!seen\n");
      put("seen/a", "");
      put("hidden", "");
      const copies = ["FROM scratch AS s", "COPY <<hidden /", "hidden", "FROM scratch", "COPY . /"];
      assert.deepEqual(await built(...copies, "COPY --from=s . /"), [
        "hidden f 0644 0:0",
        "seen d 0755 0:0",
        "seen/a f 0644 0:0",
      ]);
      const { stderr } = await build("FROM scratch", "COPY hidden /");
      assert.match(stderr, /\.dockerignore/);
    },
  );
});
