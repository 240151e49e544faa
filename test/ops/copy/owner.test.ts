import assert from "node:assert/strict";
import { test } from "node:test";
import { TsbuildError } from "../../../builder/core/errors.ts";
import { resolveOwner } from "../../../builder/ops/copy/owner.ts";

const FILES: Readonly<Record<string, string>> = {
  "/etc/passwd": "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n",
  "/etc/group": "root:x:0:\napp:x:1001:\nstaff:x:50:app\n",
};

function readFile(path: string): Buffer | undefined {
  const text = FILES[path];
  return text === undefined ? undefined : Buffer.from(text);
}

test("resolveOwner() gives a number alone the same group, and a name its primary one", () => {
  const cases = {
    "1000": "1000:1000",
    "1000:": "1000:1000",
    "7:8": "7:8",
    app: "1000:1001",
    "app:staff": "1000:50",
    "app:7": "1000:7",
    "7:staff": "7:50",
    ":staff": "0:50",
    "0": "0:0",
  };
  for (const [chown, expected] of Object.entries(cases)) {
    const { uid, gid } = resolveOwner(chown, readFile);
    assert.equal(`${uid}:${gid}`, expected, chown);
  }
});

test("resolveOwner() reads no file for numbers", () => {
  assert.deepEqual(resolveOwner("5:6", neverRead), { uid: 5, gid: 6 });
});

test("resolveOwner() fails for names that are not there, with the nearest", () => {
  assert.match(failure("ap").hint ?? "", /did you mean "app"/);
  assert.match(failure("app:staf").message, /group "staf"/);
  assert.equal(failure("nobody-at-all").code, "USER_NOT_FOUND");
});

function neverRead(): never {
  return assert.fail("read");
}

function failure(chown: string): TsbuildError {
  try {
    resolveOwner(chown, readFile);
  } catch (error) {
    assert.ok(error instanceof TsbuildError);
    return error;
  }
  return assert.fail(`${chown} was found`);
}
