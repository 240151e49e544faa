import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
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
COPY busybox set-capability rare-calls /bin/
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
RUN mkdir -p /n && cd /n && touch a b c d && chown 11 a && chown 12 b && ln -s x l && ln -s y m && ln -s w w && chown -h 19 w && cp -P w w2 && cp -a w w3 && chown -h 13 l && mkfifo p && \
    chown 14 p && mv a a2 && ln b b2 && mv -f c b && mv d a && mv l l2 && rm m && ln -s z m && chown -h 15 m && rm m && ln -s z m && \
    rm p && mkfifo p && cp a a3 && chown 16:17 a3 && chmod 2750 a3 && echo t > t.new && chown 18 t.new && chmod 4711 t.new && mv t.new t && \
    tar -cf t.tar a2 b2 l2 t && mkdir out && tar -xf t.tar -C out && cp -a out copied && rm t.tar && \
    test "$(stat -c %u a a2 a3 b b2 l2 m p t out/t copied/l2 copied/b2 | xargs)" = "0 11 16 0 12 13 0 0 18 18 0 12"
RUN cd /n && mv l2 l3 && mv m m2 && mv w back && ln back again && mv t t2 && ln t2 t3 && rm -r copied && mkdir sticky && chmod 1777 sticky && touch sticky/root && \
    ln -s x one && ln -s y two && chown -h 31 one && chown -h 32 two && touch owned && chown 33 owned && rare-calls && \
    test "$(stat -c %u l3 m2 back again t2 t3 one two | xargs)" = "13 0 19 19 18 18 32 31" && chown -h 41 /n/w2 && touch -h /n/w3
RUN su app -c 'cd /n; ! mv a other && ! rm a && ! ln -s x here && ! ln a ~/linked-there/none; ! rm sticky/root && touch sticky/own && rm sticky/own; \
    ! chmod 777 a && ! sh -c "echo x >> a" && ! sh -c ": > a"; cd ~ && ln -s missing dangling && echo made > dangling; ln -s x one; ln -s y two; touch owned; rare-calls'
RUN mkdir /later && touch -d @1900000000 /later
RUN touch /later/x && rm /later/x
USER app
RUN echo mine > ~/mine && (umask 077 && mkdir ~/hidden && echo > ~/hidden/f) && ! touch /etc/not-mine && id -G > ~/groups
`;

/** Of a tar with nothing in it. */
const EMPTY = `sha256:${createHash("sha256").update(Buffer.alloc(1024)).digest("hex")}`;

test("an ordinary user builds the layers that root builds", { skip }, async (t) => {
  if ("missing" in user) return;
  await using rig = openRig();
  const context = user.directory("owners");
  copyFileSync("/bin/busybox", join(context, "busybox"));
  for (const name of ["set-capability", "rare-calls"]) {
    const source = join(projectRoot, `fixtures/native/${name}.c`);
    execFileSync("cc", ["-static", "-o", join(context, name), source]);
  }
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
  // The time of a directory is SOURCE_DATE_EPOCH before and after: what a clock says of it meanwhile is in no layer.
  assert.equal(expected.at(-2), EMPTY);

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
