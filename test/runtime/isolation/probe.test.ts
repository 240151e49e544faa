import assert from "node:assert/strict";
import { test } from "node:test";
import { refusalHint } from "../../../runtime/isolation/confined.ts";
import type { Machine } from "../../../runtime/isolation/machine.ts";
import { kernelObstacle, mapperFix, subordinateObstacles } from "../../../runtime/isolation/obstacles.ts";
import { isolationLevels } from "../../../runtime/isolation/probe.ts";

const ALL = "000001ffffffffff";
/** docker's 14. */
const DOCKER = "00000000a80425fb";
const NONE = "0000000000000000";
const OVERLAYFS = 0x794c7630;
const EXT4 = 0xef53;

interface Made {
  readonly uid?: number;
  readonly capabilities?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly filesystem?: number;
  readonly kernel?: string;
  readonly mapper?: "setuid" | "plain" | "none";
  readonly noNewPrivs?: boolean;
}

function machine(made: Made): Machine {
  const status = `CapEff:\t${made.capabilities ?? NONE}\nNoNewPrivs:\t${made.noNewPrivs === true ? 1 : 0}\n`;
  const files: Record<string, string> = { "/proc/self/status": status, ...made.files };
  return {
    uid: made.uid ?? 0,
    kernel: made.kernel ?? "6.1.0-13-amd64",
    filesystem: made.filesystem ?? EXT4,
    read: (path) => files[path] ?? "",
    program: () => (made.mapper === "none" ? undefined : { setuid: made.mapper !== "plain" }),
  };
}

const NO_USERNS = { "/proc/sys/user/max_user_namespaces": "0\n" };

test("isolationLevels() gives what may work, the best first, and what the next better one needs", () => {
  const cases: readonly (readonly [made: Made, levels: readonly string[], fix?: RegExp])[] = [
    [{ capabilities: ALL }, ["root"]],
    [{ capabilities: ALL, filesystem: OVERLAYFS }, ["chroot"], /put the store on a volume/],
    [{ capabilities: DOCKER }, ["user", "chroot"], /--privileged/],
    [
      { capabilities: DOCKER, files: NO_USERNS },
      ["chroot"],
      /^as root: sysctl user.max_user_namespaces=65536$/,
    ],
    [{ capabilities: DOCKER, filesystem: OVERLAYFS }, ["chroot"], /emptyDir/],
    [{ uid: 12345, files: NO_USERNS }, ["none"], /max_user_namespaces/],
    [
      { uid: 12345, files: { "/proc/sys/kernel/unprivileged_userns_clone": "0" } },
      ["none"],
      /kernel.unprivileged_userns_clone=1/,
    ],
    [
      { uid: 12345, files: { "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1" } },
      ["none"],
      /kernel.apparmor_restrict_unprivileged_userns=0/,
    ],
    [{ uid: 12345, mapper: "none" }, ["single"], /usermod --add-subuids/],
  ];
  for (const [made, levels, fix] of cases) {
    const found = isolationLevels(machine(made));
    assert.deepEqual(
      found.map(({ level }) => level),
      levels,
      JSON.stringify(made),
    );
    if (fix === undefined) assert.deepEqual(found[0].missing, []);
    else assert.match(found[0].missing[0]?.fix ?? "", fix);
  }
});

test("subordinateObstacles() tells why there is a single id", () => {
  const own = { inside: 0, outside: 12345, count: 1 };
  const ranges = [own, { inside: 1, outside: 100000, count: 65536 }];
  const maps = { uid: ranges, gid: ranges };
  const whats = (made: Made, given = maps): string[] =>
    subordinateObstacles(machine(made), given).map(({ what }) => what);
  assert.deepEqual(whats({}), []);
  assert.match(whats({}, { uid: [own], gid: [own] }).join(), /no subordinate ids in \/etc\/subuid/);
  assert.match(whats({ mapper: "none" }).join(), /newuidmap and newgidmap are not installed/);
  assert.match(whats({ noNewPrivs: true }).join(), /this process has no_new_privs/);
  assert.match(mapperFix(machine({ mapper: "plain" })), /chmod u\+s \/usr\/bin\/newuidmap/);
  assert.match(mapperFix(machine({})), /\/etc\/subuid/);
});

function lackOf(kernel: string, level: string): string {
  return kernelObstacle(machine({ kernel }), level)?.what ?? "";
}

test("kernelObstacle() names what an old kernel lacks", () => {
  assert.match(lackOf("5.10.0", "user"), /need Linux 5.11/);
  assert.match(lackOf("4.18.0-553.el8", "user"), /need Linux 5.11/);
  assert.equal(lackOf("5.13.1", "user"), "");
  assert.match(lackOf("5.13.1", "single"), /since Linux 5.14/);
  assert.equal(lackOf("6.18.44-fc", "single"), "");
});

test("refusalHint() names the setting for what was refused", () => {
  const confined = "Seccomp:\t2\n";
  assert.match(
    refusalHint("Cannot make a user namespace: Operation not permitted", confined) ?? "",
    /seccomp=unconfined/,
  );
  assert.match(
    refusalHint("Cannot mount proc in a namespace: Operation not permitted", confined) ?? "",
    /systempaths=unconfined.*procMount: Unmasked/,
  );
  assert.match(
    refusalHint("Cannot mount a tmpfs in a namespace: Permission denied", confined) ?? "",
    /apparmor=unconfined/,
  );
});
