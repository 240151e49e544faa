import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { node, openBuilder } from "./builder.ts";

test("rule 35: ADD unpacks what is an archive by its content, into the destination alone", async (t) => {
  await using builder = await openBuilder();
  const { rig, put, built } = builder;
  const tree = rig.path("tree");
  mkdirSync(`${tree}/usr/lib`, { recursive: true });
  chmodSync(tree, 0o700);
  writeFileSync(`${tree}/usr/lib/a`, "1");
  symlinkSync("/usr/lib", `${tree}/lib`);
  const tar = (...flags: string[]): Buffer =>
    execFileSync("tar", [...flags, "--owner=3", "--group=4", "-C", tree, "-c", "."]);
  const unpacked = [
    "d d 0711 0:0",
    "d/lib l 0777 3:4 -> /usr/lib",
    "d/usr d 0755 3:4",
    "d/usr/lib d 0755 3:4",
  ];
  const into = [
    "FROM base AS build",
    node('fs.mkdirSync("/d"); fs.chmodSync("/d", 0o711)'),
    "ADD archive /d/",
    "FROM scratch",
    "COPY --from=build --parents /./d /",
  ];
  for (const format of ["", "--gzip", "--bzip2", "--xz", "--zstd"]) {
    await t.test(`tar ${format}`, async () => {
      put("archive", tar(...(format === "" ? [] : [format])));
      assert.deepEqual(await built(...into), [...unpacked, "d/usr/lib/a f 0644 3:4"]);
    });
  }

  await t.test("--chown owns what is in it, --unpack=false copies it", async () => {
    put("archive", tar("--gzip"));
    const owned = await built("FROM scratch", "ADD --chown=7:8 archive /");
    assert.deepEqual(owned, [
      "lib l 0777 7:8 -> /usr/lib",
      "usr d 0755 7:8",
      "usr/lib d 0755 7:8",
      "usr/lib/a f 0644 7:8",
    ]);
    assert.deepEqual(await built("FROM scratch", "ADD --unpack=false archive /"), ["archive f 0644 0:0"]);
    assert.deepEqual(await built("FROM scratch", "COPY archive /"), ["archive f 0644 0:0"]);
  });

  await t.test("a name that says archive is a file where the content does not", async () => {
    put("empty.tar.gz", "");
    put("text.tar", "no archive");
    assert.deepEqual(await built("FROM scratch", "ADD *.tar* /"), [
      "empty.tar.gz f 0644 0:0",
      "text.tar f 0644 0:0",
    ]);
  });

  await t.test("an absolute link of the image or of an archive leads inside the image", async () => {
    put("archive", tar());
    const lines = [
      "FROM base AS build",
      node('fs.mkdirSync("/x/real", { recursive: true }); fs.symlinkSync("/x/real", "/x/link")'),
      "ADD archive /x/link/",
      "FROM scratch",
      "COPY --from=build /x/real /",
    ];
    assert.deepEqual(await built(...lines), [
      "lib l 0777 3:4 -> /usr/lib",
      "usr d 0755 3:4",
      "usr/lib d 0755 3:4",
      "usr/lib/a f 0644 3:4",
    ]);
    assert.equal(readFileSync(builder.result("usr/lib/a"), "utf8"), "1");
  });
});
