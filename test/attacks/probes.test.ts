import assert from "node:assert/strict";
import { copyFileSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CALLERS } from "../support/callers.ts";
import { canaryIn } from "../support/canary.ts";
import { listTree } from "../support/list-tree.ts";

/** Each line says what came of one try: "kept" is what is to be, anything else has been let out. */
const PROBES = `#!/busybox sh
b=/busybox
try() { name=$1; shift; if "$@" >/dev/null 2>&1; then $b echo "LET OUT $name"; else $b echo "kept $name"; fi; }
into() { $b echo 1 2>/dev/null > "$1"; }
from() { [ -n "$($b head -c 1 "$1" 2>/dev/null)" ]; }
for at in / /dev/ /dev/shm/ /cache/ /memory/ /stage/; do
  for node in "c 1 1" "c 1 11" "c 4 1" "c 5 1" "c 10 200" "c 10 229" "b 1 0" DISKS; do
    $b rm -f $at/n; $b mknod $at/n $node 2>/dev/null && try "node $node in $at" $b sh -c ": < $at/n"
  done
done
for path in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/vm/panic_on_oom /proc/sysrq-trigger /sys/kernel/uevent_helper \\
  /proc/irq/default_smp_affinity /etc/hosts /etc/resolv.conf /given/f; do try "write to $path" into $path; done
for group in /sys/fs/cgroup /sys/fs/cgroup/*; do
  try "release agent in $group" into $group/release_agent
  try "new group in $group" $b mkdir $group/own
done
for path in /proc/kcore /proc/keys /proc/timer_list /sys/firmware/* /proc/1/environ /proc/1/mem /proc/1/maps /proc/1/stack; do try "read $path" from $path; done
for path in /proc/keys /proc/interrupts /given /etc/hosts; do try "mode of $path" $b chmod 700 $path; done
for fd in 0 1 2 3 4 5 6; do try "descriptor $fd of the first process" $b readlink /proc/1/fd/$fd; done
try "namespaces of the first process" $b readlink /proc/1/ns/mnt
try "root of the first process" $b ls /proc/1/root/
for at in /proc/[0-9]*; do
  read -r name < $at/comm
  case $name in tsbuild*) for file in environ mem maps; do try "read $file of $name" from $at/$file; done; try "files of $name" $b ls $at/root/;; esac
done
try "mount" $b mount -t tmpfs none /memory
try "remount" $b mount -o remount,rw,bind /proc/sys
try "unmount" $b umount /proc/keys
try "namespace" $b unshare -U $b true
try "entering" $b nsenter -t 1 -m $b true
try "terminal" $b sh -c ': < /dev/tty'
try "name of the machine" $b hostname other
try "clock" $b sh -c '/busybox date -s @1; [ $(/busybox date +%s) -lt 9999 ]'
try "signal to the first process" $b sh -c "$b kill -9 1; $b sleep 0.05; ! $b kill -0 1"
$b echo "descriptors" $($b ls -l /proc/self/fd | $b sed -n 's/.* \\([0-9]*\\) -> .*/\\1/p' | $b sort | $b head -c 6)
$b chmod 666 /dev/null
$b echo done
`;

const DOCKERFILE = `FROM base AS stage
FROM base
COPY --chmod=755 busybox probes /
RUN --mount=type=cache,target=/cache --mount=type=tmpfs,target=/memory --mount=type=bind,from=stage,target=/stage,rw \\
    --mount=type=bind,target=/given ["/probes"]
RUN ["/busybox", "sh", "-c", "! /busybox sh -c ': < /n' 2>/dev/null"]
`;

for (const { who, skip, open } of CALLERS) {
  for (const single of who === "root" ? [false] : [false, true]) {
    const name = `27: nothing that a step of ${who}${single ? " with a single id" : ""} tries gets out`;
    test(name, { skip }, async () => {
      await using caller = await open();
      const canary = canaryIn(caller.directory);
      const before = [listTree(canary), nullDevice()];
      const context = join(caller.directory, "context");
      copyFileSync("/bin/busybox", join(context, "busybox"));
      writeFileSync(join(context, "probes"), PROBES.replace("DISKS", disks()));
      writeFileSync(join(context, "f"), "given");
      const args = ["--no-cache", "--output=type=local,dest=" + join(caller.directory, "out")];
      const { status, stderr } = await caller.build(
        DOCKERFILE,
        args,
        single ? onlyNode(caller.directory) : undefined,
      );
      assert.equal(status, 0, stderr);
      assert.equal(/files are this user's on disk/.test(stderr), single, stderr);
      assert.doesNotMatch(stderr, /LET OUT/);
      assert.match(stderr, /descriptors 0 1 2\s[^]* done\n/);
      // Half of them could be there not to be tried.
      assert.ok((stderr.match(/ kept /g) ?? []).length > 30, stderr);
      assert.deepEqual([listTree(canary), nullDevice()], before);
    });
  }
}

/** The machine's, as mknod(1) is told of them. */
function disks(): string {
  const table = readFileSync("/proc/partitions", "utf8");
  return [...table.matchAll(/^ *(\d+) +(\d+) +\d+ /gm)]
    .map(([, major, minor]) => `"b ${major} ${minor}"`)
    .join(" ");
}

/** Whoever may change the machine's null device breaks all of it. */
function nullDevice(): string {
  const { mode, uid, gid, rdev } = lstatSync("/dev/null");
  return [mode, uid, gid, rdev].join();
}

/** A PATH without newuidmap. */
function onlyNode(directory: string): string {
  const folder = join(directory, "only-node");
  mkdirSync(folder);
  symlinkSync(process.execPath, join(folder, "node"));
  return folder;
}
