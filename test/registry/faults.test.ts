import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import { MEDIA_TYPES, type Descriptor } from "../../builder/image/types.ts";
import { FakeRegistry, type Fault } from "../support/fake-registry.ts";
import { SIGNAL, collect, repositoryAt, says, testClient } from "./rig.ts";

const DATA = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));
const BLOB: Descriptor = { mediaType: MEDIA_TYPES.ociLayer, digest: sha256(DATA), size: DATA.length };
const PATH = `GET /v2/team/app/blobs/${BLOB.digest}`;

function answer(status: number, headers: Record<string, string> = {}, body = ""): Fault {
  return (_, response) => void response.writeHead(status, headers).end(body);
}

/** Announces all and sends a part, then breaks the connection. */
function truncated(bytes: number): Fault {
  return (request, response) => {
    const start = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
    const headers = { "content-length": DATA.length - start };
    response.writeHead(
      start > 0 ? 206 : 200,
      start > 0 ? { ...headers, "content-range": `bytes ${start}-/*` } : headers,
    );
    response.write(DATA.subarray(start, start + bytes), () => response.destroy());
  };
}

for (const status of [408, 429, 500, 502, 503, 504]) {
  test(`getBlob() tries again after ${status}`, async () => {
    await using registry = await FakeRegistry.start();
    await using client = testClient();
    registry.addBlob(DATA);
    registry.arm("GET", answer(status, status === 429 ? { "retry-after": "0" } : {}), 2);
    assert.ok(DATA.equals(await collect(client.getBlob(repositoryAt(registry.host), BLOB, SIGNAL))));
    assert.equal(registry.seen.length, 3);
  });
}

test("getBlob() goes on by Range where the connection broke", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  registry.addBlob(DATA);
  registry.arm("GET", truncated(50_000), 2);
  assert.ok(DATA.equals(await collect(client.getBlob(repositoryAt(registry.host), BLOB, SIGNAL))));
  const ranges = registry.seen.map(({ range }) => range);
  assert.deepEqual(ranges, [undefined, "bytes=50000-", "bytes=100000-"]);
});

test("getBlob() goes on where the server knows no ranges", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  registry.arm("GET", truncated(70_000), 1);
  registry.arm("GET", (_, response) => void response.writeHead(200).end(DATA));
  assert.ok(DATA.equals(await collect(client.getBlob(repositoryAt(registry.host), BLOB, SIGNAL))));
});

test("getBlob() goes on where the server stalls", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient({ timeouts: { stallMs: 100 } });
  registry.addBlob(DATA);
  registry.arm(
    "GET",
    (_, response) =>
      void response.writeHead(200, { "content-length": DATA.length }).write(DATA.subarray(0, 10)),
    1,
  );
  assert.ok(DATA.equals(await collect(client.getBlob(repositoryAt(registry.host), BLOB, SIGNAL))));
  assert.equal(registry.seen[1]?.range, "bytes=10-");
});

// what the server does, code, message
const HOPELESS: readonly (readonly [string, Fault, string, RegExp])[] = [
  [
    "sends other bytes",
    (_, r) => void r.end(Buffer.alloc(DATA.length)),
    "DIGEST_MISMATCH",
    /what arrived is sha256/,
  ],
  [
    "announces more bytes",
    answer(200, { "content-length": "300000" }),
    "DIGEST_MISMATCH",
    /300000 bytes instead/,
  ],
  ["announces fewer bytes", answer(200, {}, "short"), "DIGEST_MISMATCH", /5 bytes instead of 200000/],
  [
    "never stops sending",
    (_, r) => {
      const more = (): void => void r.write(DATA, more);
      r.on("error", () => undefined);
      more();
    },
    "DIGEST_MISMATCH",
    /more than 200000 bytes/,
  ],
  ["always breaks at once", truncated(0), "NETWORK", /the connection broke/],
  [
    "sends another part",
    answer(206, { "content-range": "bytes 7-9/10" }),
    "REGISTRY_RESPONSE",
    /answered 206/,
  ],
  ["always answers 500", answer(500, {}, "oh\nno"), "REGISTRY_RESPONSE", /answered 500 \(oh\)$/],
  ["always answers 429", answer(429), "REGISTRY_RATE_LIMIT", /limits how often/],
  ["asks for an hour", answer(429, { "retry-after": "3600" }), "REGISTRY_RATE_LIMIT", /limits how often/],
  [
    "does not have it",
    answer(404, {}, '{"errors":[{"code":"BLOB_UNKNOWN"}]}'),
    "REGISTRY_NOT_FOUND",
    /\(BLOB_UNKNOWN\)$/,
  ],
  ["sends a web page", answer(403, {}, "<html>portal"), "REGISTRY_AUTH", /web page/],
  [
    "redirects to itself",
    (q, r) => void r.writeHead(307, { location: q.url ?? "" }).end(),
    "NETWORK",
    /do not end/,
  ],
  ["redirects nowhere", answer(307), "NETWORK", /names no place/],
  ["redirects to a file", answer(307, { location: "file:///etc/passwd" }), "NETWORK", /leads to file:/],
  [
    "redirects to the cloud",
    answer(307, { location: "https://169.254.169.254/x" }),
    "NETWORK",
    /inside this machine/,
  ],
];

for (const [what, fault, code, message] of HOPELESS) {
  test(`getBlob() gives up on a server that ${what}`, async () => {
    await using registry = await FakeRegistry.start();
    await using client = testClient({ timeouts: { stallMs: 1000 }, backoff: { attempts: 3 } });
    registry.arm(PATH, fault);
    await assert.rejects(
      collect(client.getBlob(repositoryAt(registry.host), BLOB, SIGNAL)),
      says(code, message),
    );
    assert.ok(registry.seen.length <= 11);
  });
}

test("getManifest() refuses a web page and an endless body", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  registry.arm("GET /v2/team/app/manifests/page", answer(200, { "content-type": "text/html" }, " <html>"));
  registry.arm("GET /v2/team/app/manifests/endless", (_, response) => {
    const more = (): void => void response.write(DATA, more);
    response.on("error", () => undefined);
    more();
  });
  const repository = repositoryAt(registry.host);
  await assert.rejects(client.getManifest(repository, "page", SIGNAL), says("REGISTRY_RESPONSE", /web page/));
  await assert.rejects(
    client.getManifest(repository, "endless", SIGNAL),
    says("REGISTRY_RESPONSE", /longer than 4194304/),
  );
});

test("a registry's own words are bounded and harmless to a terminal", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const message = `\u001b[2Jred\u009b31m\u202e ${"x".repeat(5000)}`;
  registry.arm("GET", answer(404, {}, JSON.stringify({ errors: [{ code: "NO", message }] })));
  await assert.rejects(client.getManifest(repositoryAt(registry.host), "1", SIGNAL), (error: Error) => {
    assert.match(error.message, /NO: \\u001b\[2Jred\\u009b31m\\u202e xxx/);
    assert.ok(error.message.length < 600);
    return true;
  });
});

test("a server that is not there is named, with its port", async () => {
  const registry = await FakeRegistry.start();
  const { host, port } = registry;
  await registry[Symbol.asyncDispose]();
  await using client = testClient();
  await assert.rejects(
    client.getManifest(repositoryAt(host), "1", SIGNAL),
    says("NETWORK", new RegExp(`Cannot reach ${host}: nothing listens on port ${port}`)),
  );
});

test("a server that does not answer is given up", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient({ timeouts: { answerMs: 100 }, backoff: { attempts: 1 } });
  registry.arm("GET", () => undefined);
  await assert.rejects(
    client.getManifest(repositoryAt(registry.host), "1", SIGNAL),
    says("NETWORK", /no answer within 0.1 s/),
  );
});

test("an aborted signal ends a download with its own reason", async () => {
  await using registry = await FakeRegistry.start();
  await using client = testClient();
  const controller = new AbortController();
  const reason = new Error("enough");
  registry.arm("GET", (_, response) => {
    response.writeHead(200, { "content-length": DATA.length }).write(DATA.subarray(0, 10));
  });
  const download = async (): Promise<void> => {
    for await (const _ of client.getBlob(repositoryAt(registry.host), BLOB, controller.signal)) {
      controller.abort(reason);
    }
  };
  await assert.rejects(download(), reason);
});
