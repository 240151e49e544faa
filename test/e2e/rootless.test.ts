import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ordinaryUser } from "../support/ordinary-user.ts";
import { projectRoot } from "../support/project.ts";
import { openRig } from "../support/rig.ts";
import { layersOf } from "../support/store-image.ts";

const user = ordinaryUser();
const skip = "missing" in user ? user.missing : false;

/** What depends on owners, done and looked at: a step that sees another owner than it should ends with an error. */
const DOCKERFILE = `FROM scratch
COPY busybox set-capability /bin/
COPY passwd group /etc/
COPY --chown=11:12 given /given
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN set-capability /given && chown 11 /bin/busybox && cp /bin/busybox /bin/able && set-capability /bin/able
RUN echo app:x:4321:4321::/home/app:/bin/sh >> /etc/passwd && echo app:x:4321: >> /etc/group && \\
    mkdir -p /home/app && chown app:app /home/app && mkdir -p /srv/d /srv/open && touch /srv/d/f && ln -s f /srv/d/l && mkfifo /srv/d/p && \\
    chown -R app:app /srv && chown 7:8 /srv/d && chown 21:22 /srv/d/f && chmod 6755 /srv/d/f && ln /srv/d/f /srv/d/same
RUN test "$(stat -c %u:%g /srv/d /srv/d/f /srv/d/l /srv/d/p /given | xargs)" = "7:8 21:22 4321:4321 4321:4321 11:12" && \\
    cp -a /srv /copied && mv /given /moved && chmod 600 /moved && mv /srv /elsewhere && chown :5 /copied && \\
    chown -h 9 /copied/d/l && chmod u+s /moved && chown 13 /moved && test "$(stat -c %a /moved)" = 600
RUN su app -c 'test "$(id -u):$(id -g)" = 4321:4321 && cd ~ && echo 1 > f && mkdir d && ln -s f l && ln -sf d l2 && \\
    ! chown root f && ! chown -h root l && touch d/g && mv d/g d/h' && test "$(id -u)" = 0 && touch /home/app/by-root
RUN echo changed >> /home/app/f && test "$(stat -c %u /home/app/f /home/app/l | xargs)" = "4321 4321"
USER app
RUN echo mine > ~/mine && (umask 077 && mkdir ~/hidden && echo > ~/hidden/f) && ! touch /etc/not-mine && id -G > ~/groups
`;

test("an ordinary user builds the layers that root builds", { skip }, async (t) => {
  if ("missing" in user) return;
  await using rig = openRig();
  const context = user.directory("owners");
  copyFileSync("/bin/busybox", join(context, "busybox"));
  const source = join(projectRoot, "fixtures/native/set-capability.c");
  execFileSync("cc", ["-static", "-o", join(context, "set-capability"), source]);
  writeFileSync(join(context, "Dockerfile"), DOCKERFILE);
  writeFileSync(join(context, "passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  writeFileSync(join(context, "group"), "root:x:0:\n");
  writeFileSync(join(context, "given"), "given");
  for (const name of ["Dockerfile", "passwd", "group", "given"]) chmodSync(join(context, name), 0o644);
  const args = [
    "build",
    "-t",
    "app",
    "--progress=plain",
    "--build-arg=SOURCE_DATE_EPOCH=1700000000",
    context,
  ];
  const outcome = await rig.tsbuild(args);
  assert.equal(outcome.status, 0, outcome.stderr);
  const expected = layersOf(rig.store, "app");

  await t.test("with subordinate ids", () => {
    const own = user.directory("ranges");
    const { status, output } = user.tsbuild(args, { TSBUILD_ROOT: join(own, "store"), HOME: own });
    assert.equal(status, 0, output);
    assert.deepEqual(layersOf(join(own, "store"), "app"), expected);
  });
  await t.test("with a single id, as there is no newuidmap", () => {
    const own = user.directory("single");
    const path = join(own, "bin");
    mkdirSync(path);
    symlinkSync(process.execPath, join(path, "node"));
    const cli = join(user.fixture(".."), "dist/bin/tsbuild.cjs");
    const tsbuild = (words: readonly string[]) =>
      user.run(["/usr/bin/env", `PATH=${path}`, "node", cli, ...words], {
        TSBUILD_ROOT: join(own, "store"),
        HOME: own,
      });
    const { status, output } = tsbuild(args);
    assert.equal(status, 0, output);
    assert.match(output, /files are this user's on disk.*newuidmap and newgidmap are not installed/);
    assert.deepEqual(layersOf(join(own, "store"), "app"), expected);

    // As when its user is given subordinate ids: what was unpacked with one id has wrong owners on disk.
    const later = user.tsbuild([...args, "--no-cache"], { TSBUILD_ROOT: join(own, "store"), HOME: own });
    assert.equal(later.status, 0, later.output);
    assert.deepEqual(layersOf(join(own, "store"), "app"), expected);

    const ran = tsbuild(["run", "--rm", "app", "sh", "-c", "id -u; stat -c %u /home/app/f"]);
    assert.match(ran.output, /^4321\n4321\n/m);
    const doctor = tsbuild(["doctor"]);
    assert.match(doctor.output, /single id.*\n.*newuidmap and newgidmap are not installed/);
  });
});
