import assert from "node:assert/strict";
import { test } from "node:test";
import {
  MAX_ACCOUNT_FILE,
  parseGroup,
  parsePasswd,
  resolveRunUser,
  type RunUser,
} from "../../builder/core/accounts.ts";
import { TsbuildError } from "../../builder/core/errors.ts";

const PASSWD =
  "root:x:0:0:root:/root:/bin/sh\n# comment\n\napp:x:1000:1001::/home/app:/bin/sh\nbad:x:y:0::/:\nshort:x\n";
const GROUP = "root:x:0:\nwheel:x:10:root,app\napp:x:1001:\nstaff:x:50:app\n";

function resolve(user: string, passwd: string | undefined = PASSWD): RunUser {
  return resolveRunUser(user, (path) => {
    const text = path === "/etc/passwd" ? passwd : GROUP;
    return text === undefined ? undefined : Buffer.from(text);
  });
}

test("parsePasswd() and parseGroup() leave out lines that are none", () => {
  assert.deepEqual(
    parsePasswd(Buffer.from(PASSWD)).map((entry) => entry.name),
    ["root", "app"],
  );
  assert.deepEqual(parseGroup(Buffer.from("a:x:1:b,,c\nx\ny:x:99999999999:\n")), [
    { name: "a", gid: 1, members: ["b", "c"] },
  ]);
});

/** As moby/sys/user GetExecUser, and runc for HOME. */
const USERS: Readonly<Record<string, RunUser>> = {
  "": { uid: 0, gid: 0, groups: [0, 10], home: "/root" },
  root: { uid: 0, gid: 0, groups: [0, 10], home: "/root" },
  app: { uid: 1000, gid: 1001, groups: [1001, 10, 50], home: "/home/app" },
  "1000": { uid: 1000, gid: 1001, groups: [1001, 10, 50], home: "/home/app" },
  "1234": { uid: 1234, gid: 0, groups: [0], home: "/" },
  ":50": { uid: 0, gid: 50, groups: [50], home: "/root" },
  "app:staff": { uid: 1000, gid: 50, groups: [50], home: "/home/app" },
  "1234:5678": { uid: 1234, gid: 5678, groups: [5678], home: "/" },
  "app:": { uid: 1000, gid: 1001, groups: [1001, 10, 50], home: "/home/app" },
  "app:7": { uid: 1000, gid: 7, groups: [7], home: "/home/app" },
};

test("resolveRunUser() finds whom USER means", () => {
  for (const [user, expected] of Object.entries(USERS)) assert.deepEqual(resolve(user), expected, user);
});

test("resolveRunUser() takes numbers where there are no account files", () => {
  assert.deepEqual(resolveRunUser("5:6", noFile), { uid: 5, gid: 6, groups: [6], home: "/" });
  assert.deepEqual(resolveRunUser("", noFile), { uid: 0, gid: 0, groups: [0], home: "/" });
});

test("resolveRunUser() refuses unknown names and numbers that overflow", () => {
  const wrong = [
    "nobody-here",
    "app:nogroup",
    "2147483648",
    "4294967295",
    "4294967296",
    "-1",
    "1:2147483648",
  ];
  for (const user of wrong) {
    assert.throws(
      () => resolve(user),
      (error) => error instanceof TsbuildError && error.code === "USER_NOT_FOUND",
      user,
    );
  }
});

test("resolveRunUser() refuses an account file of more than 10 MiB", () => {
  const huge = Buffer.alloc(MAX_ACCOUNT_FILE + 1, 0x61);
  assert.throws(() => resolveRunUser("app", () => huge), /larger than 10 MiB/);
});

function noFile(): undefined {
  return undefined;
}
