import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import { MEDIA_TYPES, type Descriptor } from "../../builder/image/types.ts";
import type { RegistryClient } from "../../builder/registry/types.ts";
import { FakeRegistry, type Fault } from "../support/fake-registry.ts";
import { SIGNAL, repositoryAt, says, testClient } from "./rig.ts";

const DATA = Buffer.from(Array.from({ length: 5_000_000 }, (_, index) => (index * 7) % 253));
const BLOB: Descriptor = { mediaType: MEDIA_TYPES.ociLayer, digest: sha256(DATA), size: DATA.length };
const PUT = "PUT /v2/team/app/blobs";
const PATCH = "PATCH /v2/team/app/blobs";

/** Uploads DATA; how often it was opened. */
async function upload(client: RegistryClient, registry: FakeRegistry, signal = SIGNAL): Promise<number> {
  let opened = 0;
  const open = async function* (): AsyncGenerator<Buffer> {
    opened++;
    for (let at = 0; at < DATA.length; at += 100_000) yield DATA.subarray(at, at + 100_000);
  };
  await client.putBlob(repositoryAt(registry.host), BLOB, open, signal);
  return opened;
}

/** Keeps what comes up to so many bytes, then breaks the connection. */
function breaks(registry: FakeRegistry, bytes: number): Fault {
  return (request) => {
    const id = /uploads\/(\d+)/.exec(request.url ?? "")?.[1] ?? "";
    let kept = registry.uploads.get(id) ?? Buffer.alloc(0);
    const wanted = kept.length + bytes;
    request.on("data", (data: Buffer) => {
      kept = Buffer.concat([kept, data]).subarray(0, wanted);
      registry.uploads.set(id, kept);
      if (kept.length === wanted) request.socket.destroy();
    });
  };
}

function whole(request: IncomingMessage, done: () => void): void {
  request.resume().on("end", done);
}

test("an upload goes on where the registry says that it is", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  registry.arm(PUT, breaks(registry, 2_000_000), 1);
  registry.arm(PATCH, breaks(registry, 1_500_000), 1);
  assert.equal(await upload(client, registry), 3);
  assert.ok(registry.blobs.get(BLOB.digest)?.equals(DATA));
  assert.deepEqual(
    registry.lines().map((line) => line.replace(/ .*uploads\//, " ").replace(/digest=.*/, "digest")),
    [
      "POST ",
      "PUT 1?state=a&digest",
      "GET 1?state=a",
      "PATCH 1?state=a",
      "GET 1?state=a",
      "PATCH 1?state=a",
      "PUT 1?state=a&digest",
    ],
  );
});

test("an upload that makes progress is never given up", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient({ backoff: { attempts: 2 } });
  registry.arm(PUT, breaks(registry, 1_100_000), 1);
  registry.arm(PATCH, breaks(registry, 1_100_000), 3);
  await upload(client, registry);
  assert.ok(registry.blobs.get(BLOB.digest)?.equals(DATA));
});

// what the registry answers to the question how far the upload is
for (const [what, fault] of [
  ["does not tell", (_, r) => void r.writeHead(404).end()],
  ["tells nonsense", (_, r) => void r.writeHead(204, { range: "0-99999999999" }).end()],
  ["lies", (_, r) => void r.writeHead(204, { range: "0-7" }).end()],
  ["breaks again", (q) => void q.socket.destroy()],
] as const satisfies readonly (readonly [string, Fault])[]) {
  test(`an upload begins again where the registry ${what} about what it has`, async () => {
    await using registry = await FakeRegistry.start();
    await using client = testClient();
    registry.arm(PUT, breaks(registry, 2_000_000), 1);
    registry.arm("GET /v2/team/app/blobs/uploads", fault);
    await upload(client, registry);
    assert.ok(registry.blobs.get(BLOB.digest)?.equals(DATA));
  });
}

test("a server that refuses long requests gets pieces that are small enough", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const sizes: number[] = [];
  for (const start of [PUT, PATCH]) {
    registry.arm(start, (request, response) => {
      const length = Number(request.headers["content-length"]);
      sizes.push(length);
      if (length <= 1 << 20) return registry.serve(request, response);
      whole(request, () => response.writeHead(413).end());
    });
  }
  // Pieces that follow each other are read in one go.
  assert.equal(await upload(client, registry), 3);
  assert.ok(registry.blobs.get(BLOB.digest)?.equals(DATA));
  assert.deepEqual(sizes, [5_000_000, 4 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 5_000_000 - (4 << 20), 0]);
});

test("a server that refuses every length is told of", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  for (const start of [PUT, PATCH]) {
    registry.arm(start, (request, response) => whole(request, () => response.writeHead(413).end()));
  }
  await assert.rejects(upload(client, registry), says("REGISTRY_RESPONSE", /answered 413/));
});

test("pieces are not smaller than the registry takes", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  registry.arm("POST", (_, response) => {
    response.writeHead(202, { location: "up", "oci-chunk-min-length": String(5 << 20) }).end();
  });
  registry.arm("PUT", (request, response) => whole(request, () => response.writeHead(413).end()));
  await assert.rejects(upload(client, registry), says("REGISTRY_RESPONSE", /answered 413/));
  assert.ok(!registry.lines().some((line) => line.startsWith("PATCH")));
});

// Location of the answer to POST → the place that PUT goes to
for (const [what, location, place] of [
  ["no query", "/upload/1", "/upload/1?digest="],
  ["a relative path", "next", "/v2/team/app/blobs/uploads/next?digest="],
  ["a signed query", "/up?sig=a%20b~c%2F+d==&x", "/up?sig=a%20b~c%2F+d==&x&digest="],
  ["an empty query and a fragment", "/up?#there", "/up?digest="],
] as const) {
  test(`an upload's Location with ${what} is kept as it is`, async () => {
    await using registry = await FakeRegistry.start();
    await using client = testClient();
    registry.arm("POST", (_, response) => void response.writeHead(202, { location }).end());
    registry.arm("PUT", (request, response) => whole(request, () => response.writeHead(202).end()));
    await upload(client, registry);
    assert.equal(registry.lines().at(-1), `PUT ${place}${encodeURIComponent(BLOB.digest)}`);
  });
}

for (const [what, location, message] of [
  ["another kind of URL", "ftp://127.0.0.1/x", /wants the upload at ftp:/],
  ["a cloud's metadata", "http://169.254.169.254/x", /inside this machine/],
  ["no URL", "http://", /does not say where to upload/],
] as const) {
  test(`an upload to ${what} is refused`, async () => {
    await using registry = await FakeRegistry.start();
    await using client = testClient();
    registry.arm("POST", (_, response) => void response.writeHead(202, { location }).end());
    await assert.rejects(upload(client, registry), says("REGISTRY_RESPONSE", message));
  });
}

test("a token that expires in the middle of an upload is replaced, and the upload goes on", async () => {
  await using registry = await FakeRegistry.start();
  registry.guard = { kind: "bearer" };
  await using client = testClient();
  registry.arm(
    PUT,
    (request, response) => {
      registry.tokens.clear();
      registry.tokens.add("another");
      whole(request, () => registry.challenge(response));
    },
    1,
  );
  assert.equal(await upload(client, registry), 2);
  assert.equal(registry.seen.filter(({ path }) => path.startsWith("/token")).length, 2);
  assert.ok(registry.blobs.get(BLOB.digest)?.equals(DATA));
});

test("an upload that nobody takes up is given up in time, and an aborted one at once", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient({ timeouts: { answerMs: 200 }, backoff: { attempts: 1 } });
  registry.arm(PUT, () => undefined);
  await assert.rejects(upload(client, registry), says("NETWORK", /no answer within 0.2 s/));
  await using patient = testClient();
  const controller = new AbortController();
  registry.arm("POST", (request, response) => {
    setImmediate(() => controller.abort(new Error("enough")));
    registry.serve(request, response);
  });
  await assert.rejects(upload(patient, registry, controller.signal), /enough/);
});

test("an upload that the registry has lost begins again, and one it refuses does not", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  registry.arm(PUT, (request, response) => whole(request, () => response.writeHead(404).end()), 1);
  assert.equal(await upload(client, registry), 2);
  registry.arm(PUT, (request, response) => whole(request, () => response.writeHead(400).end()));
  await assert.rejects(upload(client, registry), says("REGISTRY_RESPONSE", /answered 400/));
});
