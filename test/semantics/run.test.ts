import assert from "node:assert/strict";
import { test } from "node:test";
import { openBuilder, type Builder } from "./builder.ts";

async function prints(
  builder: Builder,
  lines: readonly string[],
  ...expected: readonly RegExp[]
): Promise<void> {
  const { status, stderr } = await builder.build(...lines);
  assert.equal(status, 0, stderr);
  const output = stderr.replace(/^#\d+ [\d.]+ /gm, "");
  for (const one of expected) assert.match(output, one);
}

const show = (script: string): string => `RUN node -e '${script}'`;

test("rule 48: what a step sees of the kernel, and what it leaves", async (t) => {
  await using builder = await openBuilder();
  await t.test("mounts", () =>
    prints(
      builder,
      ["FROM base", show(`console.log(fs.readFileSync("/proc/mounts", "utf8"))`)],
      /^proc \/proc proc rw,nosuid,nodev,noexec/m,
      /^tmpfs \/dev tmpfs rw,nosuid,.*size=65536k,mode=755/m,
      /^devpts \/dev\/pts devpts rw,nosuid,noexec,.*ptmxmode=666/m,
      /^tmpfs \/dev\/shm tmpfs rw,nosuid,nodev,noexec,.*size=65536k/m,
      /^mqueue \/dev\/mqueue mqueue rw,nosuid,nodev,noexec/m,
      /^sysfs \/sys sysfs ro,nosuid,nodev,noexec/m,
      /^tmpfs \/etc\/resolv\.conf tmpfs ro,nosuid,nodev,noexec/m,
      /^tmpfs \/etc\/hosts tmpfs ro,nosuid,nodev,noexec/m,
    ),
  );
  await t.test("the name of the host, and the file of hosts", () =>
    prints(
      builder,
      [
        "FROM base",
        show(
          `console.log(require("os").hostname(), fs.readFileSync("/etc/hosts", "utf8"), fs.existsSync("/etc/hostname"))`,
        ),
      ],
      /^buildkitsandbox 127\.0\.0\.1\s+localhost buildkitsandbox$/m,
      /^::1\s+localhost.*buildkitsandbox$/m,
      /false$/m,
    ),
  );
  await t.test("files below /run are kept, mounted ones reach no layer", async () => {
    const list = await builder.built(
      "FROM base AS all",
      show(`fs.mkdirSync("/run/app", { recursive: true }); fs.writeFileSync("/run/app/pid", "1")`),
      "FROM scratch",
      "COPY --from=all /run /run",
      "COPY --from=all /etc /etc",
    );
    assert.ok(
      list.some((line) => line.startsWith("run/app/pid f 0644")),
      list.join("\n"),
    );
    assert.ok(!list.some((line) => /^etc\/(hosts|resolv\.conf|hostname) /.test(line)), list.join("\n"));
  });
});

test("rule 49: what the process of a step is given", async (t) => {
  await using builder = await openBuilder();
  await t.test("environment, input, umask, privileges", () =>
    prints(
      builder,
      [
        "FROM base",
        "ARG FROM_ARG=a",
        "ENV FROM_ENV=e",
        show(
          `console.log(JSON.stringify(process.env), "umask", process.umask().toString(8), "input", fs.readFileSync(0).length)`,
        ),
        "RUN read x < /proc/self/status; while read name value; do case $name in NoNewPrivs:|CapInh:|CapAmb:|Groups:|Seccomp:) echo $name $value;; esac; done < /proc/self/status",
      ],
      /^\{(?=.*"FROM_ARG":"a")(?=.*"FROM_ENV":"e")(?=.*"PATH":)(?=.*"HOME":"\/)(?!.*"(TERM|HOSTNAME)").*\} umask 22 input 0$/m,
      /^NoNewPrivs: 0$/m,
      /^Seccomp: 2$/m,
      /^CapInh: 0+$/m,
      /^CapAmb: 0+$/m,
      /^Groups: 0$/m,
    ),
  );
  await t.test("a working directory that is a link is where the link leads in the image", () =>
    prints(
      builder,
      [
        "FROM base",
        show(`fs.mkdirSync("/real"); fs.symlinkSync("/real", "/link")`),
        "WORKDIR /link",
        show("console.log(process.cwd())"),
      ],
      /^\/real$/m,
    ),
  );
});

test("rule 50: mount points that were missing go when they are still empty, and their parents keep their times", async () => {
  await using builder = await openBuilder();
  const list = await builder.built(
    "FROM base AS all",
    show(`fs.mkdirSync("/opt/here", { recursive: true }); fs.utimesSync("/opt/here", 5, 5)`),
    'RUN --mount=type=tmpfs,target=/opt/here/a/b --mount=type=tmpfs,target=/opt/kept/c node -e \'fs.writeFileSync("/opt/kept/mine", "")\'',
    show(
      `console.log(fs.statSync("/opt/here").mtimeMs); if (fs.statSync("/opt/here").mtimeMs !== 5000) process.exit(1)`,
    ),
    "FROM scratch",
    "COPY --from=all /opt /opt",
  );
  assert.deepEqual(
    list.map((line) => line.split(" ").slice(0, 3).join(" ")).filter((line) => line.startsWith("opt/")),
    ["opt/here d 0755", "opt/kept d 0755", "opt/kept/mine f 0644"],
  );
});

test("rule 51: secrets, caches and binds as RUN --mount says", async (t) => {
  await using builder = await openBuilder();
  const build = (...lines: string[]): ReturnType<Builder["build"]> => builder.build("FROM base", ...lines);
  await t.test("an optional secret that is not given is no file and no variable", () =>
    prints(
      builder,
      [
        "FROM base",
        `RUN --mount=type=secret,id=none --mount=type=secret,id=other,env=OTHER node -e 'console.log(fs.existsSync("/run/secrets/none"), process.env.OTHER ?? "unset")'`,
      ],
      /^false (unset)?$/m,
    ),
  );
  await t.test("a target that is / is an error, one that is relative begins at WORKDIR", async () => {
    assert.notEqual((await build("RUN --mount=type=tmpfs,target=/ true")).status, 0);
    await prints(
      builder,
      [
        "FROM base",
        "WORKDIR /work",
        `RUN --mount=type=tmpfs,target=rel node -e 'console.log(fs.readFileSync("/proc/mounts", "utf8"))'`,
      ],
      /^tmpfs \/work\/rel tmpfs/m,
    );
  });
  await t.test("a cache's default id is its target, cleaned; its mode is that of its first use", () =>
    prints(
      builder,
      [
        "FROM base",
        `RUN --mount=type=cache,target=/c/,mode=0700,uid=7 node -e 'fs.writeFileSync("/c/f", "x")'`,
        `RUN --mount=type=cache,target=/c,mode=0711 node -e 'const s = fs.statSync("/c"); console.log(fs.readdirSync("/c").join(), (s.mode & 0o777).toString(8), s.uid)'`,
      ],
      /^f 700 7$/m,
    ),
  );
});

test("rule 52: the first step that fails ends the others, and whatever a step left running", async () => {
  await using builder = await openBuilder();
  const { status, stderr } = await builder.build(
    "FROM base AS slow",
    "RUN --mount=type=cache,target=/c read x < /dev/zero; node -e 'setTimeout(() => {}, 600000)'",
    "FROM base AS bad",
    "RUN node -e 'setTimeout(() => {}, 600000)' & exit 7",
    "FROM base",
    "COPY --from=slow /etc /a",
    "COPY --from=bad /etc /b",
  );
  assert.notEqual(status, 0);
  assert.match(stderr, /exit code 7/);
});
