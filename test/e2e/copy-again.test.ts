import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ordinaryUser } from "../support/ordinary-user.ts";
import { openRig } from "../support/rig.ts";
import { layersOf } from "../support/store-image.ts";

const user = ordinaryUser();
const skip = "missing" in user ? user.missing : false;

/** The step makes again what is gone, and removes what is there: it sees all of it. */
const DOCKERFILE = `FROM scratch
COPY busybox /bin/busybox
WORKDIR /app
COPY files files
RUN ["/bin/busybox", "sh", "-c", "cd files; /bin/busybox find . | /bin/busybox sort > ../list; /bin/busybox mkdir -p 0/gone 1; /bin/busybox rm -rf 0/f16 3 new"]
`;

test(
  "a COPY of which files are gone, renamed or retyped is made upon the one before, as a new store makes it",
  {
    skip,
  },
  async (t) => {
    if ("missing" in user) return;
    await using rig = openRig();
    const context = user.directory("again");
    copyFileSync("/bin/busybox", join(context, "busybox"));
    writeFileSync(join(context, "Dockerfile"), DOCKERFILE);
    chmodSync(join(context, "Dockerfile"), 0o644);
    const args = ["build", "-t", "app", "--build-arg=SOURCE_DATE_EPOCH=1700000000", context];
    const files = join(context, "files");
    const [first, second] = [
      (): void => {
        rmSync(files, { recursive: true, force: true });
        for (let index = 0; index < 120; index++) {
          mkdirSync(join(files, String(index % 8)), { recursive: true });
          writeFileSync(join(files, String(index % 8), `f${index}`), `${index}`, { mode: 0o644 });
        }
        mkdirSync(join(files, "0/gone"));
        symlinkSync("f16", join(files, "0/link"));
      },
      (): void => {
        rmSync(join(files, "0/gone"), { recursive: true });
        rmSync(join(files, "0/f8"));
        rmSync(join(files, "0/link"));
        mkdirSync(join(files, "0/link/in"), { recursive: true });
        rmSync(join(files, "1"), { recursive: true });
        writeFileSync(join(files, "1"), "a file", { mode: 0o644 });
        rmSync(join(files, "1"));
        renameSync(join(files, "2"), join(files, "new"));
        writeFileSync(join(files, "2"), "a file", { mode: 0o644 });
      },
    ];
    first();
    second();
    const fresh = await rig.tsbuild(args);
    assert.equal(fresh.status, 0, fresh.stderr);
    const expected = layersOf(rig.store, "app");

    const own = user.directory("stores");
    const path = join(own, "bin");
    mkdirSync(path);
    symlinkSync(process.execPath, join(path, "node"));
    const [, ...command] = user.command.slice(user.command.indexOf("--") + 1);
    const ways: Readonly<Record<string, (store: string) => Promise<{ status: number; output: string }>>> = {
      root: async (store) => {
        const { status, stdout, stderr } = await rig.tsbuild(args, { env: { TSBUILD_ROOT: store } });
        return { status: status ?? 1, output: stdout + stderr };
      },
      "an ordinary user": async (store) => user.tsbuild(args, { TSBUILD_ROOT: store, HOME: own }),
      "an ordinary user with a single id": async (store) =>
        user.run(["/usr/bin/env", `PATH=${path}`, "node", ...command, ...args], {
          TSBUILD_ROOT: store,
          HOME: own,
        }),
    };
    for (const [who, build] of Object.entries(ways)) {
      await t.test(`by ${who}`, async () => {
        const store = join(own, who.replaceAll(" ", "-"));
        for (const change of [first, second]) {
          change();
          const { status, output } = await build(store);
          assert.equal(status, 0, output);
        }
        assert.deepEqual(layersOf(store, "app"), expected);
        const folder = join(store, "layers");
        const records = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
        const delta = records.map((text) => JSON.parse(text)).find(({ on }) => on !== undefined);
        assert.deepEqual(delta?.hides.sort(), [
          "app/files/0/f8",
          "app/files/0/gone",
          "app/files/0/link",
          "app/files/1",
        ]);
        rmSync(store, { recursive: true, force: true });
      });
    }
  },
);
