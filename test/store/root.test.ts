import assert from "node:assert/strict";
import { homedir } from "node:os";
import { test } from "node:test";
import { storeRoot } from "../../builder/store/root.ts";

const cases: readonly [string, Record<string, string>, number, string][] = [
  ["root's default", { HOME: "/root", XDG_DATA_HOME: "/x" }, 0, "/var/lib/tsbuild"],
  ["the data directory", { HOME: "/home/a", XDG_DATA_HOME: "/data" }, 1000, "/data/tsbuild"],
  ["the data directory's default", { HOME: "/home/a" }, 1000, "/home/a/.local/share/tsbuild"],
  [
    "no relative data directory",
    { HOME: "/home/a", XDG_DATA_HOME: "data" },
    1000,
    "/home/a/.local/share/tsbuild",
  ],
  ["the password file's home", {}, 1000, `${homedir()}/.local/share/tsbuild`],
  ["TSBUILD_ROOT over root's", { TSBUILD_ROOT: "/b" }, 0, "/b"],
  ["TSBUILD_ROOT over a user's", { TSBUILD_ROOT: "/b/", XDG_DATA_HOME: "/data" }, 1000, "/b"],
  ["an empty TSBUILD_ROOT as none", { TSBUILD_ROOT: "" }, 0, "/var/lib/tsbuild"],
];
for (const [what, env, uid, expected] of cases) {
  test(`storeRoot() takes ${what}`, () => assert.equal(storeRoot(env, uid), expected));
}
