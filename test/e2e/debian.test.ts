import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { debianRootfs } from "../support/debian.ts";
import { differences, listTree } from "../support/list-tree.ts";
import { projectRoot } from "../support/project.ts";
import { startDockerRegistry, withoutDockerRegistry } from "../support/docker-registry.ts";
import { openRig, type Rig } from "../support/rig.ts";
import { ordinaryUser } from "../support/ordinary-user.ts";

const base = debianRootfs();
const missing = "missing" in base ? base.missing : withoutDockerRegistry();
const skip = missing === undefined ? {} : { skip: missing };
const fixture = join(projectRoot, "fixtures/debian");

test("a Dockerfile on Debian is built, cached, pushed and read back by others", skip, async (t) => {
  await using rig = openRig();
  await using registry = await startDockerRegistry();
  pushBase(rig, registry.host);
  const image = `${registry.host}/app:1`;
  const build = [
    "build",
    "-t",
    image,
    "--build-arg",
    `BASE=${registry.host}/debian:base`,
    "--progress=plain",
  ];

  const first = await rig.tsbuild([...build, fixture]);
  assert.equal(first.status, 0, first.stderr);

  const again = await rig.tsbuild([...build, "--metadata-file", rig.path("again.json"), fixture]);
  assert.equal(again.status, 0, again.stderr);
  assert.doesNotMatch(again.stderr, /compiled|Setting up/);
  assert.match(again.stderr, /: 0 steps run, 11 cached/);

  const push = await rig.tsbuild(["push", image]);
  assert.equal(push.status, 0, push.stderr);
  const root = unpack(rig, image, "root");

  const oracle = expectedTree(rig);
  assert.deepEqual(differences(listTree(root, LIST), listTree(oracle, LIST)), []);
  checkConfig(rig, registry.host);

  await t.test("an ordinary user gets the same tree", async (t) => {
    const user = ordinaryUser();
    if ("missing" in user) return t.skip(user.missing);
    const own = user.directory("debian");
    const tag = `${registry.host}/app:user`;
    const args = [
      "build",
      "-t",
      tag,
      "--push",
      "--build-arg",
      `BASE=${registry.host}/debian:base`,
      "--progress=plain",
      user.fixture("debian"),
    ];
    const { status, output } = user.tsbuild(args, { TSBUILD_ROOT: join(own, "store"), HOME: own });
    assert.equal(status, 0, output);
    assert.deepEqual(differences(listTree(unpack(rig, tag, "user-root"), LIST), listTree(oracle, LIST)), []);
  });
});

/** What steps make has the time of the step; the base's files and those of the context keep theirs. */
const MADE =
  /^(opt|etc\/(app|apt|cron\.daily|passwd|group|shadow|gshadow|sub[ug]id)|var\/log)|^(etc|usr\/share|root|var|tmp)$/;
const LIST = {
  timeless: (path: string) => MADE.test(path),
  // Passwords' dates, and logs of the tools that changed them.
  opaque: (path: string) => /^etc\/shadow-?$|^var\/log\//.test(path),
};

/** Makes the base image with other tools than ours and pushes it. */
function pushBase(rig: Rig, host: string): void {
  if ("missing" in base) return;
  const layout = rig.path("base");
  execFileSync("umoci", ["init", "--layout", layout]);
  execFileSync("umoci", ["new", "--image", `${layout}:base`]);
  execFileSync("umoci", ["raw", "add-layer", "--image", `${layout}:base`, base.tar]);
  execFileSync("umoci", [
    "config",
    "--image",
    `${layout}:base`,
    "--config.env",
    "BASE=debian",
    "--config.cmd",
    "bash",
  ]);
  execFileSync("skopeo", [
    "copy",
    "--quiet",
    "--dest-tls-verify=false",
    `oci:${layout}:base`,
    `docker://${host}/debian:base`,
  ]);
}

function unpack(rig: Rig, image: string, name: string): string {
  const layout = rig.path(`${name}-layout`);
  execFileSync("skopeo", [
    "copy",
    "--quiet",
    "--src-tls-verify=false",
    `docker://${image}`,
    `oci:${layout}:image`,
  ]);
  execFileSync("umoci", ["raw", "unpack", "--image", `${layout}:image`, rig.path(name)]);
  return rig.path(name);
}

/** What the Dockerfile says, done by hand on a copy of the base. */
function expectedTree(rig: Rig): string {
  const root = rig.path("oracle");
  if ("missing" in base) return root;
  const at = (...parts: string[]): string => join(root, ...parts);
  mkdirSync(root);
  execFileSync("tar", ["--numeric-owner", "-C", root, "-xpf", base.tar]);
  rmSync(at("usr/share/doc"), { recursive: true });
  rmSync(at("etc/issue"));
  renameSync(at("etc/motd"), at("etc/motd.old"));
  mkdirSync(at("etc/apt/new"));
  rmSync(at("etc/cron.daily"), { recursive: true });
  mkdirSync(at("etc/cron.daily"));
  writeFileSync(at("etc/cron.daily/mine"), "daily\n");
  execFileSync("chroot", [root, "useradd", "--uid", "4321", "--no-create-home", "app"]);

  mkdirSync(at("opt/app/bin"), { recursive: true });
  execFileSync("gcc", ["-O2", "-static", "-o", at("opt/app/bin/hello"), join(fixture, "hello.c")]);
  linkSync(at("opt/app/bin/hello"), at("opt/app/bin/hello-too"));
  symlinkSync("hello", at("opt/app/bin/hi"));
  execFileSync("mkfifo", [at("opt/app/pipe")]);
  for (let directory = 1; directory <= 50; directory++) {
    mkdirSync(at(`opt/app/many/${directory}`), { recursive: true });
    for (let file = 1; file <= 100; file++)
      writeFileSync(at(`opt/app/many/${directory}/${file}`), `${directory} ${file}\n`);
  }
  execFileSync("chown", ["-Rh", "4321:1", at("opt/app")]);
  chmodSync(at("opt/app/bin/hello"), 0o4755);
  chownSync(at("opt/app"), 4321, 1);
  execFileSync("chown", ["-R", "54321:1", at("opt/app/many/50")]);

  mkdirSync(at("etc/app"));
  for (const name of ["a.conf", "b.conf"]) cpSync(join(fixture, "settings", name), at("etc/app", name));
  execFileSync("chown", ["-R", "1000:1000", at("etc/app")]);
  for (const name of ["", "a.conf", "b.conf"]) chmodSync(at("etc/app", name), 0o600);
  writeFileSync(at("opt/app/greeting"), "compiled in a build stage\n");
  mkdirSync(at("opt/app/data"));
  return root;
}

/** Config and history, against what the Dockerfile says. */
function checkConfig(rig: Rig, host: string): void {
  const raw = execFileSync(
    "skopeo",
    ["inspect", "--config", "--raw", "--tls-verify=false", `docker://${host}/app:1`],
    { encoding: "utf8" },
  );
  const image = JSON.parse(raw) as {
    config: unknown;
    rootfs: { diff_ids: string[] };
    history: { created_by: string; empty_layer?: boolean }[];
    architecture: string;
    os: string;
  };
  assert.deepEqual(image.config, {
    User: "app",
    ExposedPorts: { "8080/tcp": {}, "9090/udp": {} },
    Env: [
      "BASE=debian",
      // The base has no PATH: the default one is there before the first instruction.
      "PATH=/opt/app/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "GREETING=hello",
    ],
    Entrypoint: ["hello"],
    Cmd: ["--greet", "$GREETING"],
    ArgsEscaped: true,
    Healthcheck: { Test: ["CMD", "hello"], Interval: 30_000_000_000, Timeout: 3_000_000_000 },
    Volumes: { "/opt/app/data": {} },
    WorkingDir: "/opt/app/data",
    Labels: { "org.example.title": "A test", "org.example.many": "5000" },
    StopSignal: "SIGINT",
  });
  assert.equal(image.os, "linux");
  const layers = image.history.filter((entry) => entry.empty_layer !== true);
  assert.equal(layers.length, image.rootfs.diff_ids.length);
  assert.ok(existsSync(rig.store));
  assert.ok(readdirSync(rig.store).includes("oci-layout"));
  assert.match(readFileSync(join(rig.store, "index.json"), "utf8"), /org\.opencontainers\.image\.ref\.name/);
}
