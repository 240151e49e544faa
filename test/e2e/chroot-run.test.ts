import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openRig } from "../support/rig.ts";
import { unprivileged, withoutContainers } from "../support/unprivileged.ts";

const skip = withoutContainers() ?? false;

const IMAGE = `FROM base
ENV A=image
VOLUME /data
WORKDIR /srv
CMD ["node", "-e", "console.log('own command')"]
`;

const FAILS = `FROM base AS other
RUN echo elsewhere > /made
FROM base
ENV A=step
WORKDIR /w
RUN --mount=type=secret,id=s --mount=type=bind,from=other,target=/other --mount=type=cache,target=/c \\
    echo x > /c/x; echo begun > begun; exit 3
`;

const SLEEP = "setInterval(() => {}, 1000)";

/** What docker has for each of them, in one unprivileged container. */
const SCRIPT = `
tsbuild run --rm app
tsbuild run --rm -e X=1 -w /tmp -u 1000:1001 -v DIR/given:/given:ro --tmpfs /t app sh -c 'echo $A $X $(pwd); read x < /given; echo $x; [ -w /t ] && echo tmpfs; exit 7'
echo "status $?"
echo input | tsbuild run --rm -i app node -e 'process.stdin.pipe(process.stdout)'
tsbuild run --rm -t app node -e 'console.log("terminal " + process.stdout.isTTY)'
tsbuild run --rm -v DIR/few:/copied:ro --mount type=tmpfs,target=/t,tmpfs-size=1m --shm-size 1m app sh -c 'echo over > /copied/given'
tsbuild run --rm app sh -c 'for fd in 3 4 5 6 7 8 9; do (eval ": <&$fd") 2>/dev/null && echo "descriptor $fd"; done; :'
tsbuild run --rm app node -p 'Object.keys(process.env).filter((name) => !/^(PATH|HOSTNAME|HOME|A|PWD)$/.test(name)).join()'
tsbuild run --rm app nothing-like-it; echo "status $?"
tsbuild run --name kept app node -e 'for (const f of ["/count", "/data/count"]) { fs.appendFileSync(f, "x"); console.log(fs.readFileSync(f, "utf8")) }'
tsbuild start -a kept
tsbuild run -d --name server app node -e 'process.on("SIGTERM", () => { console.log("stopped"); process.exit(5) }); console.log("up"); require("child_process").spawn("node", ["-e", "${SLEEP}"], { detached: true, stdio: "ignore" }).unref(); ${SLEEP}' > /dev/null
tsbuild ps --format '{{.Names}} {{.State}}'
until [ "$(tsbuild logs server)" = up ]; do :; done
tsbuild stop server; tsbuild logs server; tsbuild wait server
tsbuild run -d -i --name fed app node -e 'require("readline").createInterface({ input: process.stdin }).on("line", (line) => { console.log("got " + line); if (line === "end") process.exit(6) })' > /dev/null
printf 'one\nend\n' | tsbuild attach fed; echo "status $?"
tsbuild run -d --restart=on-failure:1 --name again app node -e 'fs.appendFileSync("/count", "y"); console.log(fs.readFileSync("/count", "utf8")); process.exit(4)' > /dev/null
tsbuild wait again; tsbuild logs again
tsbuild exec kept ls; tsbuild commit kept image
tsbuild rm kept server fed again
tsbuild ps -a -q
for pid in /proc/[0-9]*; do read -r name < $pid/comm; echo "left: $name"; done
`;

test("containers run by chroot in an unprivileged container", { skip }, async (t) => {
  await using rig = openRig();
  const inner = await unprivileged(rig);
  const context = rig.context({ Dockerfile: IMAGE, Fails: FAILS });
  writeFileSync(rig.path("given"), "given\n");
  mkdirSync(rig.path("few"));
  writeFileSync(rig.path("few/given"), "given\n");
  const built = await inner.tsbuild(["build", "-t", "app", ...inner.base, context]);
  assert.equal(built.status, 0, built.stderr);

  await t.test("their output, exits, files and ends are as elsewhere", async () => {
    const { stdout, stderr } = await inner.script(SCRIPT.replaceAll("DIR", rig.directory));
    assert.deepEqual(
      stdout.split(/\r?\n/).map((line) => line.replaceAll(/\x1b\[\d+m/g, "")),
      [
        "own command",
        "image 1 /tmp",
        "given",
        "tmpfs",
        "status 7",
        "input",
        "terminal true",
        "",
        "status 127",
        "x",
        "x",
        "xx",
        "xx",
        "server running",
        "server",
        "up",
        "stopped",
        "5",
        "got one",
        "got end",
        "status 6",
        "4",
        "y",
        "yy",
        "kept",
        "server",
        "fed",
        "again",
        "left: sh",
        "",
      ],
      stderr,
    );
    assert.match(stderr, /Cannot execute a command in container kept: it does not run/);
    assert.match(
      stderr,
      /what the container writes to \/copied is thrown away: without mounts it gets a copy/,
    );
    assert.match(stderr, /nothing holds the size of \/dev\/shm and \/t: without mounts they are directories/);
    assert.match(stderr, /Cannot commit container kept: it was run by chroot/);
    assert.deepEqual(readdirSync(`${inner.store}/containers`), []);
    for (const file of ["given", "few/given"])
      assert.equal(readFileSync(rig.path(file), "latin1"), "given\n");
  });

  await t.test("what they cannot have is an error that names the flag", async () => {
    for (const [flag, ...rest] of [
      ["--publish", "80:80"],
      ["--publish-all"],
      ["--network", "none"],
      ["--read-only"],
      ["--hostname", "h"],
      ["--volume", "/tmp:/x"],
      ["--mount", "type=bind,source=/tmp,target=/x"],
      ["--cap-add", "SYS_ADMIN"],
    ]) {
      const { status, stderr } = await inner.tsbuild(["run", "--rm", flag ?? "", ...rest, "app"]);
      assert.equal(status, 125, stderr);
      assert.match(
        stderr,
        new RegExp(`Cannot use ${[flag, ...rest][0]}[^]*by chroot: .*\\nhint: .*seccomp=unconfined`),
      );
    }
  });

  await t.test("nor can they have a copy of what holds them", async () => {
    const { status, stderr } = await inner.tsbuild(["run", "--rm", `--volume=${rig.directory}:/x:ro`, "app"]);
    assert.deepEqual([status, readdirSync(`${inner.store}/containers`)], [125, []], stderr);
    assert.match(stderr, /Cannot copy .* into a container by chroot: the store lies in it/);
  });

  await t.test("a step that failed is entered again", async () => {
    const secret = `--secret=id=s,src=${rig.path("given")}`;
    const failed = await inner.tsbuild(["build", secret, ...inner.base, "-f", `${context}/Fails`, context]);
    assert.match(failed.stderr, /to look around where it failed: tsbuild shell/);
    const look =
      'echo $A $(pwd) *; echo /c/* /other/*; : > more; : > /c/lost; read x < /run/secrets/s && echo "$x"';
    const shell = await inner.tsbuild(["shell", secret, "sh", "-c", look]);
    assert.equal(shell.stdout, "step /w begun\n/c/x /other/*\ngiven\n");
    assert.match(shell.stderr, /without \/other: what was mounted there ended with the build/);
    assert.match(shell.stderr, /what was written to \/c is thrown away/);
    const again = await inner.tsbuild(["shell", "sh", "-c", "echo * /c/*; exit 4"]);
    assert.deepEqual([again.stdout, again.status], ["begun more /c/x\n", 4]);
  });
});
