import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import { parsePlatform } from "../../builder/core/platform.ts";
import { parseReference } from "../../builder/image/reference.ts";
import { MEDIA_TYPES, type Descriptor } from "../../builder/image/types.ts";
import { resolveImage } from "../../builder/registry/pull.ts";
import type { RegistryClient } from "../../builder/registry/types.ts";
import { FakeRegistry, type Fault } from "../support/fake-registry.ts";
import { SIGNAL, collect, repositoryAt, says, testClient } from "./rig.ts";

const DATA = Buffer.alloc(50_000, "layer");
const BLOB: Descriptor = { mediaType: MEDIA_TYPES.ociLayer, digest: sha256(DATA), size: DATA.length };

async function* open(): AsyncGenerator<Buffer> {
  yield DATA;
}

/** All kinds of requests there are. */
async function everything(client: RegistryClient, registry: FakeRegistry): Promise<void> {
  const repository = repositoryAt(registry.host);
  await client.headManifest(repository, "1", SIGNAL);
  await client.getManifest(repository, "1", SIGNAL);
  assert.equal(await client.hasBlob(repository, BLOB.digest, SIGNAL), false);
  assert.equal(await client.mountBlob(repository, BLOB.digest, "other/base", SIGNAL), false);
  await client.putBlob(repository, BLOB, open, SIGNAL);
  assert.ok(DATA.equals(await collect(client.getBlob(repository, BLOB, SIGNAL))));
  await client.putManifest(repository, "2", MEDIA_TYPES.ociManifest, Buffer.from("{}"), SIGNAL);
}

const REQUESTS = [
  "HEAD /v2/team/app/manifests",
  "GET /v2/team/app/manifests",
  "HEAD /v2/team/app/blobs",
  "POST /v2/team/app/blobs",
  "PUT /v2/team/app/blobs",
  "GET /v2/team/app/blobs",
  "PUT /v2/team/app/manifests",
  "GET /token",
];

const reset: Fault = (request) => void request.socket.resetAndDestroy();
const half: Fault = (_, response) => {
  response.writeHead(200, { "content-length": 1000 }).write("{", () => response.destroy());
};
function status(code: number, headers: Record<string, string> = {}): Fault {
  return (request, response) => {
    request.resume().on("end", () => response.writeHead(code, headers).end());
  };
}

// what happens twice to every kind of request → and then it works
const PASSING: readonly (readonly [string, Fault, readonly string[]])[] = [
  ["connection reset", reset, REQUESTS],
  ["answer cut off in its body", half, ["GET /v2/team/app/manifests", "GET /token"]],
  ["503", status(503), REQUESTS],
  ["500", status(500), REQUESTS],
  ["408", status(408), REQUESTS],
  ["429 with Retry-After in seconds", status(429, { "retry-after": "0" }), REQUESTS],
  ["429 with a date that is over", status(429, { "retry-after": "Thu, 01 Jan 2026 00:00:00 GMT" }), REQUESTS],
];

for (const [what, fault, requests] of PASSING) {
  test(`every kind of request survives: ${what}`, async () => {
    await using registry = await FakeRegistry.start();
    registry.guard = { kind: "bearer" };
    registry.addImage("team/app", "1", Buffer.from("other"));
    await using client = testClient();
    for (const line of requests) registry.arm(line, fault, 2);
    await everything(client, registry);
    for (const line of requests)
      assert.ok(registry.lines().filter((one) => one.startsWith(line)).length >= 3, line);
  });
}

test("Retry-After is waited for, up to a limit, which is told", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient({ backoff: { maxRetryAfterMs: 2_000 } });
  registry.addImage("team/app", "1", DATA);
  const repository = repositoryAt(registry.host);
  registry.arm("GET", status(429, { "retry-after": "1" }), 1);
  const began = performance.now();
  await client.getManifest(repository, "1", SIGNAL);
  assert.ok(performance.now() - began >= 990);
  const later = new Date(Date.now() + 600_000).toUTCString();
  registry.arm("GET", status(429, { "retry-after": later }));
  await assert.rejects(client.getManifest(repository, "1", SIGNAL), (error: Error) => {
    assert.ok(says("REGISTRY_RATE_LIMIT", /limits how often/)(error));
    assert.match("hint" in error ? String(error.hint) : "", /^wait (59\d|600) s, log in/);
    return true;
  });
});

test("a registry that knows no HEAD is asked in other ways", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const image = registry.addImage("team/app", "1", DATA);
  for (const code of [405, 501]) {
    registry.arm("HEAD", status(code));
    assert.equal((await client.headManifest(repositoryAt(registry.host), "1", SIGNAL))?.digest, image.digest);
    assert.equal(await client.hasBlob(repositoryAt(registry.host), BLOB.digest, SIGNAL), false);
  }
});

test("a portal that answers a web page to everything has stored nothing", async () => {
  await using portal = await FakeRegistry.start();
  await using client = testClient();
  const repository = repositoryAt(portal.host);
  portal.arm("", (request, response) => {
    request.resume().on("end", () => response.writeHead(200, { "content-type": "text/html" }).end("<html>"));
  });
  const page = says("REGISTRY_RESPONSE", /web page/);
  await assert.rejects(client.hasBlob(repository, BLOB.digest, SIGNAL), page);
  await assert.rejects(client.putManifest(repository, "1", "x", Buffer.from("{}"), SIGNAL), page);
  await assert.rejects(client.headManifest(repository, "1", SIGNAL), page);
  await assert.rejects(
    client.putBlob(repository, BLOB, open, SIGNAL),
    says("REGISTRY_RESPONSE", /answered 200/),
  );
});

test("a tag that changes while it is read is one image or the other", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const old = registry.addImage("team/app", "1", Buffer.from("old"));
  const repository = repositoryAt(registry.host);
  assert.equal((await client.headManifest(repository, "1", SIGNAL))?.digest, old.digest);
  const now = registry.addImage("team/app", "1", Buffer.from("new"));
  registry.arm(
    "GET /v2/team/app/manifests",
    (request, response) => {
      registry.serve(request, response);
      registry.addImage("team/app", "1", Buffer.from("newer"));
    },
    1,
  );
  const reference = parseReference(`${registry.host}/team/app:1`);
  const { image } = await resolveImage(client, reference, parsePlatform("amd64"), SIGNAL);
  assert.equal(image.manifest.digest, now.digest);
  assert.equal(image.manifest.layers[0]?.digest, sha256("new"));
});

test("documents that are nested without end are refused", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  for (const [open, close] of [
    ["[", "]"],
    ['{"a":', "}"],
  ] as const) {
    const raw = Buffer.from(`${open.repeat(200_000)}1${close.repeat(200_000)}`);
    registry.addManifest("team/app", "1", raw, MEDIA_TYPES.ociManifest);
    const reference = parseReference(`${registry.host}/team/app:1`);
    await assert.rejects(
      resolveImage(client, reference, parsePlatform("amd64"), SIGNAL),
      says("IMAGE_INVALID", /./),
    );
  }
});

// what drips → and is given up, however lively
for (const [what, fault] of [
  [
    "headers",
    (request) =>
      void setDrip(
        () => request.socket.write(`X-A: ${"a".repeat(500)}\r\n`),
        request.socket.write("HTTP/1.1 200 OK\r\n"),
      ),
  ],
  ["a manifest", (_, response) => setDrip(() => response.write(" "), response.writeHead(200))],
  ["an error", (_, response) => setDrip(() => response.write(" "), response.writeHead(404))],
] as const satisfies readonly (readonly [string, Fault])[]) {
  test(`a server that drips ${what} is given up`, async () => {
    await using registry = await FakeRegistry.start();
    await using client = testClient({ timeouts: { wholeMs: 300, answerMs: 300 }, backoff: { attempts: 1 } });
    registry.arm("GET", fault);
    await assert.rejects(
      client.getManifest(repositoryAt(registry.host), "1", SIGNAL),
      (error: Error) =>
        says("NETWORK", /did not end within|too long|no answer within/)(error) ||
        says("REGISTRY_NOT_FOUND", /./)(error),
    );
  });
}

/** Writes again and again, until the other side has gone. */
function setDrip(write: () => boolean, _began: unknown): void {
  const timer = setInterval(() => write(), 20);
  setTimeout(() => clearInterval(timer), 3000).unref();
  timer.unref();
}
