import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pull, push } from "../../builder/index.ts";
import { FakeRegistry } from "../support/fake-registry.ts";
import { openRig } from "../support/rig.ts";

const DOCKERFILE = "FROM scratch\nCOPY Dockerfile /\n";

function auth(user: string): { readonly auth: string } {
  return { auth: Buffer.from(user).toString("base64") };
}

test("several tags and registries get each blob once; a registry that fails does not hold up the other", async () => {
  await using one = await FakeRegistry.start();
  await using two = await FakeRegistry.start();
  await using rig = openRig();
  const context = rig.context({ Dockerfile: DOCKERFILE });
  const names = [`${one.host}/x:1`, `${two.host}/y`, `${one.host}/x:2`];
  const build = ["build", ...names.flatMap((name) => ["-t", name]), "--push", context];

  two.arm("PUT /v2/y/blobs", (request, response) => {
    request.resume().on("end", () => response.writeHead(403).end('{"errors":[{"code":"DENIED"}]}'));
  });
  const failed = await rig.tsbuild(build);
  assert.equal(failed.status, 4);
  assert.match(failed.stderr, new RegExp(`Cannot push ${two.host}/y@sha256.*DENIED`));
  assert.match(
    failed.stderr,
    new RegExp(`hint: .*done all the same: pushing ${one.host}/x:1, ${one.host}/x:2`),
  );
  assert.ok(one.manifests.has("x 1") && one.manifests.has("x 2"));
  assert.equal(two.manifests.size, 0);
  const blobs = one.lines().filter((line) => line.startsWith("PUT /v2/x/blobs"));
  assert.deepEqual([blobs.length, one.blobs.size], [2, 2]);
  assert.deepEqual(one.lines().slice(-2), ["PUT /v2/x/manifests/1", "PUT /v2/x/manifests/2"]);

  one.arm(
    "PUT /v2/x/manifests",
    (_, response) => void response.writeHead(429, { "retry-after": "9999" }).end(),
  );
  const both = await rig.tsbuild(build);
  assert.equal(both.status, 6);
  for (const host of [one.host, two.host]) assert.match(both.stderr, new RegExp(`Cannot push ${host}/`));
  assert.match(both.stderr, /failed as well: Cannot push/);
  assert.doesNotMatch(both.stderr, /all the same/);
});

test("outputs are written side by side: a registry that waits holds up neither another nor an archive", async () => {
  await using one = await FakeRegistry.start();
  await using two = await FakeRegistry.start();
  await using rig = openRig();
  const context = rig.context({ Dockerfile: DOCKERFILE });
  const archive = rig.path("app.tar");
  // The first answers nothing until all else is done.
  const waiting: (() => void)[] = [];
  const goOn = (): void => {
    if (two.manifests.has("y latest") && existsSync(archive)) for (const next of waiting.splice(0)) next();
  };
  one.arm("HEAD", (_, response) => {
    waiting.push(() => response.writeHead(404).end());
    const retry = setInterval(goOn, 20);
    response.on("close", () => clearInterval(retry));
  });
  const file = rig.path("in-the-way");
  writeFileSync(file, "");
  const failed = await rig.tsbuild([
    "build",
    `--output=type=registry,name=${one.host}/x`,
    `--output=type=oci,dest=${file}/app.tar`,
    `--output=type=registry,name=${two.host}/y`,
    `--output=type=oci,dest=${archive}`,
    context,
  ]);
  assert.equal(failed.status, 1, failed.stderr);
  assert.match(failed.stderr, /error: Cannot write ".*in-the-way\/app\.tar/);
  const done = /hint: done all the same: (.*)/.exec(failed.stderr)?.[1];
  assert.deepEqual(done?.split(", "), [
    `naming ${one.host}/x:latest`,
    `pushing ${one.host}/x:latest`,
    `naming ${two.host}/y:latest`,
    `pushing ${two.host}/y:latest`,
    `writing OCI archive ${archive}`,
  ]);
});

test("no credential shows, not with --debug and not in what the build tells of itself", async () => {
  await using registry = await FakeRegistry.start();
  await using rig = openRig();
  const context = rig.context({ Dockerfile: DOCKERFILE });
  const secrets = ["hunter2-password", "identity-refresh", auth("eve:hunter2-password").auth];
  mkdirSync(rig.path(".docker"));
  const push = [
    "--debug",
    "build",
    "--progress=rawjson",
    "--metadata-file",
    rig.path("meta"),
    "-t",
    `${registry.host}/x`,
    "--push",
    context,
  ];
  const outputs: string[] = [];
  const env = { HTTP_PROXY: "http://me:proxy-password@127.0.0.1:1" };
  for (const [entry, guard, name] of [
    [auth("eve:hunter2-password"), { kind: "basic", user: "other:one" }, "basic"],
    [auth("eve:hunter2-password"), { kind: "bearer", user: "eve:hunter2-password" }, "bearer"],
    [{ identitytoken: "identity-refresh" }, { kind: "bearer" }, "identity"],
  ] as const) {
    registry.guard = guard;
    writeFileSync(rig.path(".docker/config.json"), JSON.stringify({ auths: { [registry.host]: entry } }));
    registry.arm(
      "PUT /v2/x/manifests",
      (request, response) => {
        response
          .writeHead(400)
          .end(JSON.stringify({ errors: [{ code: name, message: request.headers.authorization }] }));
      },
      1,
    );
    registry.arm("POST /token", (request, response) => {
      let form = "";
      request.on("data", (data) => (form += String(data)));
      request.on("end", () => response.writeHead(401).end(JSON.stringify({ errors: [{ message: form }] })));
    });
    const { status, stdout, stderr } = await rig.tsbuild(push, { env });
    assert.ok(status === 3 || status === 4, `${status}: ${stderr}`);
    outputs.push(stdout, stderr);
  }
  const pull = await rig.tsbuild(["--debug", "pull", "far.example/x"], {
    env: { HTTPS_PROXY: "http://me:proxy-password@127.0.0.1:1" },
  });
  outputs.push(pull.stdout, pull.stderr);
  assert.match(pull.stderr, /through the proxy 127\.0\.0\.1:1/);
  const said = outputs.join("\n");
  assert.match(said, /answered 400 \(basic: Bearer \*\*\*\)/);
  for (const secret of [...secrets, "proxy-password", ...registry.tokens])
    assert.ok(!said.includes(secret), secret);
});

test("an aborted pull and an aborted push end at once and leave no file behind", async () => {
  await using registry = await FakeRegistry.start();
  await using rig = openRig();
  const env = { HOME: rig.directory, PATH: process.env["PATH"], TSBUILD_ROOT: rig.store };
  const first = new AbortController();
  const second = new AbortController();
  registry.addImage("base", "1", Buffer.alloc(5_000_000, "layer"));
  registry.arm(
    "GET /v2/base/blobs",
    (request, response) => {
      if ((request.headers.range ?? "") === "" && registry.seen.length < 3)
        return registry.serve(request, response);
      response.writeHead(200, { "content-length": 5_000_000 });
      response.write(Buffer.alloc(2_500_000, "layer"), () => first.abort());
    },
    2,
  );
  const name = `${registry.host}/base:1`;
  await endsAtOnce(pull(name, { env, signal: first.signal }), first);
  assert.deepEqual(
    blobsOf(rig.store).filter(([, size]) => size > 10_000),
    [],
  );

  await pull(name, { env });
  const copy = `${registry.host}/copy:1`;
  assert.equal((await rig.tsbuild(["tag", name, copy])).status, 0);
  registry.blobs.clear();
  registry.arm("PUT /v2/copy/blobs", () => second.abort());
  await endsAtOnce(push(copy, { env, signal: second.signal }), second);
  assert.ok(!registry.manifests.has("copy 1"));
});

/** Files of the store that hold something, with their sizes. */
function blobsOf(store: string): readonly (readonly [string, number])[] {
  return readdirSync(store, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => [name, statSync(join(parentPath, name)).size] as const);
}

async function endsAtOnce(work: PromiseLike<unknown>, controller: AbortController): Promise<void> {
  let began = 0;
  controller.signal.addEventListener("abort", () => (began = performance.now()));
  await assert.rejects(
    Promise.resolve(work),
    (error: Error) => error.name === "AbortError" || /abort|interrupt/i.test(error.message),
  );
  assert.ok(began > 0 && performance.now() - began < 20_000);
}
