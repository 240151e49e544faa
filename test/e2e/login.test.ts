import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { startDockerRegistry, withoutDockerRegistry } from "../support/docker-registry.ts";
import { FakeRegistry } from "../support/fake-registry.ts";
import { openRig } from "../support/rig.ts";

const skip = withoutDockerRegistry() ?? false;
// `htpasswd -nbB alice open-sesame`
const HTPASSWD = "alice:$2y$05$Yg3Cp1/tWTtXJe6mDAFoXOVJrTdhCA/nAhq9akYJk.BV6cdtbHVbq";

test(
  "login keeps a password that the registry takes, push uses it, logout forgets it",
  { skip },
  async () => {
    await using registry = await startDockerRegistry({ htpasswd: HTPASSWD });
    await using rig = openRig();
    const file = rig.path(".docker/config.json");
    const context = rig.context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
    const push = ["build", "-q", "-t", `${registry.host}/team/app`, "--push", context];

    const early = await rig.tsbuild(push);
    assert.equal(early.status, 4);
    assert.match(early.stderr, new RegExp(`tsbuild login ${registry.host}`));

    const login = ["login", "-u", "alice", "--password-stdin", registry.host];
    const wrong = await rig.tsbuild(login, { input: "guessed\n" });
    assert.equal(wrong.status, 4);
    assert.match(wrong.stderr, /refused the credentials/);
    assert.ok(!existsSync(file));

    const right = await rig.tsbuild(login, { input: "open-sesame\n" });
    assert.deepEqual([right.status, right.stdout], [0, `Logged in to ${registry.host}\n`]);
    assert.match(right.stderr, /unencrypted in .*config\.json/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal((await rig.tsbuild(push)).status, 0);

    const out = await rig.tsbuild(["logout", registry.host]);
    assert.match(out.stdout, /Removed the credentials/);
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), { auths: {} });
    assert.equal((await rig.tsbuild(["logout", registry.host])).stdout, "Not logged in\n");
  },
);

test("login proves a password to the token server of a registry", async () => {
  await using registry = await FakeRegistry.start();
  registry.guard = { kind: "bearer", user: "bob:token" };
  await using rig = openRig();
  const login = ["login", "-u", "bob", "--password-stdin", registry.host];
  assert.equal((await rig.tsbuild(login, { input: "other" })).status, 4);
  const right = await rig.tsbuild(login, { input: "token" });
  assert.deepEqual([right.status, right.stdout], [0, `Logged in to ${registry.host}\n`]);
});

test("login says that a registry which lets anybody in has proved nothing", async () => {
  await using registry = await FakeRegistry.start();
  await using rig = openRig();
  const { stdout } = await rig.tsbuild(["login", "-u", "bob", "--password-stdin", registry.host], {
    input: "any",
  });
  assert.match(stdout, /could not be checked/);
});

test("login and logout leave everything else in config.json, and use the credential helper it names", async () => {
  await using registry = await FakeRegistry.start();
  registry.guard = { kind: "basic", user: "bob:s3cret" };
  await using rig = openRig();
  const bin = rig.path("bin");
  const config = { auths: { "other.example": { auth: "YTpi" } }, credsStore: "test", psFormat: "x" };
  for (const folder of [bin, rig.path(".docker")]) mkdirSync(folder);
  writeFileSync(rig.path(".docker/config.json"), JSON.stringify(config));
  writeFileSync(`${bin}/docker-credential-test`, `#!/bin/sh\necho "$1 $(cat)" >>${rig.path("said")}\n`);
  chmodSync(`${bin}/docker-credential-test`, 0o755);
  const env = { PATH: `${bin}:${process.env["PATH"]}` };

  const { status, stderr } = await rig.tsbuild(["login", "-u", "bob", "--password-stdin", registry.host], {
    env,
    input: "s3cret",
  });
  assert.deepEqual([status, stderr], [0, ""]);
  assert.equal((await rig.tsbuild(["logout", registry.host], { env })).status, 0);
  const [store = "", erase] = readFileSync(rig.path("said"), "utf8").trim().split("\n");
  assert.deepEqual(JSON.parse(store.replace("store ", "")), {
    ServerURL: registry.host,
    Username: "bob",
    Secret: "s3cret",
  });
  assert.equal(erase, `erase ${registry.host}`);
  assert.deepEqual(JSON.parse(readFileSync(rig.path(".docker/config.json"), "utf8")), config);
});

for (const [args, input, message] of [
  [["--password-stdin"], "a", /without --username/],
  [["-u", "bob"], "", /standard input is not a terminal/],
  [["-u", "bob", "--password-stdin"], "", /no password on standard input/],
  [["-u", "a:b", "--password-stdin"], "x", /has no colon/],
  [["-u", "bob", "--password-stdin", "ghcr.io/me/app"], "x", /not a registry's host/],
] as const) {
  test(`login ${args.join(" ")} is refused`, async () => {
    await using rig = openRig();
    const { status, stderr } = await rig.tsbuild(["login", ...args], { input });
    assert.equal(status, 2);
    assert.match(stderr, message);
  });
}

test("login takes no password that every user of the machine can see", async () => {
  await using rig = openRig();
  const { status, stderr } = await rig.tsbuild(["login", "-u", "bob", "-p", "x"]);
  assert.equal(status, 1);
  assert.match(stderr, /write --password-stdin/);
});
