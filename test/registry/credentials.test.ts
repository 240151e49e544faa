import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { redact } from "../../builder/core/redact.ts";
import type { Environment } from "../../builder/net/types.ts";
import { loadCredentials } from "../../builder/registry/credentials.ts";
import type { Credential } from "../../builder/registry/types.ts";
import { SIGNAL, says } from "./rig.ts";

const folder = mkdtempSync(join(tmpdir(), "tsbuild-"));
after(() => rmSync(folder, { recursive: true }));
let homes = 0;

/** An environment whose home is empty but for docker's config.json. */
function withConfig(config: unknown): Environment & { readonly HOME: string } {
  const home = join(folder, `home${homes++}`);
  mkdirSync(join(home, ".docker"), { recursive: true });
  writeFileSync(
    join(home, ".docker/config.json"),
    typeof config === "string" ? config : JSON.stringify(config),
  );
  return { HOME: home, XDG_RUNTIME_DIR: join(home, "run"), PATH: `${home}:${process.env["PATH"]}` };
}

function find(env: Environment, registry: string, repository = "team/app"): Promise<Credential | undefined> {
  return loadCredentials(env).find(registry, repository, SIGNAL);
}

function entry(user: string): { readonly auth: string } {
  return { auth: Buffer.from(`${user}:pass-of-${user}`).toString("base64") };
}

const AUTHS = {
  "https://index.docker.io/v1/": entry("hub"),
  "quay.io": entry("quay"),
  "https://ghcr.io/v2/": entry("ghcr"),
  "Own.Example:5000": entry("own"),
  "ns.example/team": entry("team"),
  "ns.example/team/app/deep": entry("deep"),
  "empty.example": {},
};

// registry, repository, whose entry
const MATCHES: readonly (readonly [string, string, string | undefined])[] = [
  ["docker.io", "library/debian", "hub"],
  ["registry-1.docker.io", "library/debian", "hub"],
  ["quay.io", "a/b", "quay"],
  ["ghcr.io", "a/b", "ghcr"],
  ["own.example:5000", "a", "own"],
  ["own.example", "a", undefined],
  ["own.example:5001", "a", undefined],
  ["quay.io.evil.example", "a", undefined],
  ["evilquay.io", "a", undefined],
  ["ns.example", "team/app", "team"],
  ["ns.example", "team/app/deep/er", "deep"],
  ["ns.example", "teamwork/app", undefined],
  ["ns.example", "other", undefined],
  ["empty.example", "a", undefined],
  ["__proto__", "a", undefined],
];

for (const [registry, repository, user] of MATCHES) {
  test(`credentials for ${registry}/${repository} are ${user ?? "none"}`, async () => {
    const found = await find(withConfig({ auths: AUTHS }), registry, repository);
    const expected = user && { kind: "basic", username: user, password: `pass-of-${user}` };
    assert.deepEqual(found, expected || undefined);
  });
}

test("what was read is a secret from then on", async () => {
  await find(withConfig({ auths: { a: entry("somebody") } }), "a");
  assert.equal(redact("x pass-of-somebody y"), "x *** y");
  assert.equal(redact(entry("somebody").auth), "***");
});

test("an identity token goes before a password, a password may hold colons", async () => {
  const auth = Buffer.from("u:a:b:c").toString("base64");
  const env = withConfig({
    auths: { "a.example": { auth, identitytoken: "refresh" }, "b.example": { auth } },
  });
  assert.deepEqual(await find(env, "a.example"), { kind: "identity", token: "refresh" });
  assert.deepEqual(await find(env, "b.example"), { kind: "basic", username: "u", password: "a:b:c" });
});

test("REGISTRY_AUTH_FILE, DOCKER_CONFIG and containers' auth.json are read in this order", async () => {
  const env = withConfig({ auths: { all: entry("home"), two: entry("home") } });
  const write = (path: string, user: string, hosts: readonly string[]): string => {
    mkdirSync(join(env.HOME, path, ".."), { recursive: true });
    const auths = Object.fromEntries(hosts.map((host) => [host, entry(user)]));
    writeFileSync(join(env.HOME, path), JSON.stringify({ auths }));
    return join(env.HOME, path);
  };
  write("run/containers/auth.json", "run", ["all", "two", "three"]);
  write(".config/containers/auth.json", "user", ["all", "two", "three", "four"]);
  const named = { ...env, REGISTRY_AUTH_FILE: write("named.json", "named", ["all"]) };
  const users = ["all", "two", "three", "four"].map(async (host) => {
    const found = await find(named, host);
    return found?.kind === "basic" ? found.username : undefined;
  });
  assert.deepEqual(await Promise.all(users), ["named", "home", "run", "user"]);
  write("elsewhere/config.json", "elsewhere", ["two"]);
  const moved = await find({ ...env, DOCKER_CONFIG: join(env.HOME, "elsewhere") }, "two");
  assert.deepEqual(moved, { kind: "basic", username: "elsewhere", password: "pass-of-elsewhere" });
});

test("DOCKER_AUTH_CONFIG goes before files and helpers, and is not quoted when it is damaged", async () => {
  const env = withConfig({ auths: { a: entry("file") }, credsStore: "none" });
  const text = JSON.stringify({ auths: { a: entry("ci") }, credsStore: "other" });
  const found = await find({ ...env, DOCKER_AUTH_CONFIG: text }, "a");
  assert.deepEqual(found, { kind: "basic", username: "ci", password: "pass-of-ci" });
  await assert.rejects(find({ ...env, DOCKER_AUTH_CONFIG: `{"auths": hush-hush` }, "a"), (error: Error) => {
    assert.ok(says("CONFIG_INVALID", /DOCKER_AUTH_CONFIG": it is not JSON/)(error));
    return !String(error.stack).includes("hush");
  });
});

/** A docker-credential-fake that notes what it is asked, and answers with a shell line. */
function helper(env: { readonly HOME: string }, answer: string): string {
  const log = join(env.HOME, "asked");
  const path = join(env.HOME, "docker-credential-fake");
  writeFileSync(path, `#!/bin/sh\nread server\necho "$1 $server" >>${log}\n${answer}\n`);
  chmodSync(path, 0o755);
  return log;
}

test("a helper is asked once for a host, by docker's name for Docker Hub", async () => {
  const env = withConfig({ credsStore: "fake" });
  const log = helper(env, `echo '{"ServerURL":"x","Username":"u","Secret":"kept-by-helper"}'`);
  const store = loadCredentials(env);
  for (const registry of ["docker.io", "docker.io", "a.example:5000"]) {
    const found = await store.find(registry, "x", SIGNAL);
    assert.deepEqual(found, { kind: "basic", username: "u", password: "kept-by-helper" });
  }
  assert.equal(readFileSync(log, "utf8"), "get https://index.docker.io/v1/\nget a.example:5000\n");
  assert.equal(redact("kept-by-helper"), "***");
});

test("a helper for one host leaves the others to the file, and <token> is an identity token", async () => {
  const env = withConfig({ credHelpers: { "a.example": "fake" }, auths: { "b.example": entry("b") } });
  helper(env, `echo '{"Username":"<token>","Secret":"refresh-it"}'`);
  assert.deepEqual(await find(env, "a.example"), { kind: "identity", token: "refresh-it" });
  assert.equal((await find(env, "b.example"))?.kind, "basic");
});

test("a helper that has nothing gives way to the file", async () => {
  const env = withConfig({ credsStore: "fake", auths: { "b.example": entry("b") } });
  helper(env, 'echo "credentials not found in native keychain"; exit 1');
  assert.equal(await find(env, "a.example"), undefined);
  assert.equal((await find(env, "b.example"))?.kind, "basic");
});

for (const [what, answer, message] of [
  ["fails", 'echo "keychain is locked"; exit 1', /keychain is locked/],
  ["is silent", "exit 3", /failed with status 3/],
  ["sends no JSON", "echo hello", /something else than credentials/],
  ["sends too much", "yes", /does not end/],
] as const) {
  test(`a helper that ${what} is an error`, async () => {
    const env = withConfig({ credsStore: "fake" });
    helper(env, answer);
    await assert.rejects(find(env, "a.example"), says("REGISTRY_AUTH", message));
  });
}

test("a helper that is not there, or whose name is a path, is an error", async () => {
  await assert.rejects(find(withConfig({ credsStore: "none" }), "a"), says("REGISTRY_AUTH", /not installed/));
  await assert.rejects(
    find(withConfig({ credsStore: "../../x" }), "a"),
    says("REGISTRY_AUTH", /not a program's name/),
  );
});

test("a damaged file is named, and not quoted", async () => {
  const secret = Buffer.from("user:hush-hush").toString("base64");
  await assert.rejects(find(withConfig(`{"auths": {"a": {"auth": "${secret}"`), "a"), (error: Error) => {
    assert.ok(says("CONFIG_INVALID", /config\.json": it is not JSON/)(error));
    assert.equal(error.cause, undefined);
    return true;
  });
  await assert.rejects(
    find(withConfig({ auths: { a: { auth: "bm8tY29sb24=" } } }), "a"),
    says("CONFIG_INVALID", /not base64 of user:password/),
  );
});
