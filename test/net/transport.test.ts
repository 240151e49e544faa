import assert from "node:assert/strict";
import { createServer, request as forward, type IncomingMessage, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { test } from "node:test";
import { DEFAULT_BACKOFF, delayAfter, retryAfterMs } from "../../builder/net/backoff.ts";
import { createTransport } from "../../builder/net/transport.ts";
import type { Transport, TransportOptions } from "../../builder/net/types.ts";

const signal = new AbortController().signal;

async function listen(server: Server): Promise<{ readonly port: number } & AsyncDisposable> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function transport(options: Partial<TransportOptions> = {}): Transport & AsyncDisposable {
  const made = createTransport({ env: {}, backoff: { firstMs: 1, maxMs: 2 }, ...options });
  return { ...made, [Symbol.asyncDispose]: () => made.close() };
}

test("a URL's user and password are sent, and not to where it redirects", async () => {
  const seen: (string | undefined)[] = [];
  await using target = await listen(
    createServer(({ headers }, response) => {
      seen.push(headers.authorization);
      response.end("done");
    }),
  );
  await using source = await listen(
    createServer(({ headers }, response) => {
      seen.push(headers.authorization);
      response.writeHead(302, { location: `http://127.0.0.1:${target.port}/x` }).end();
    }),
  );
  await using client = transport();
  const url = new URL(`http://me:p%40ss@127.0.0.1:${source.port}/`);
  const response = await client.request({ method: "GET", url, signal });
  assert.equal((await response.bytes(10)).toString(), "done");
  assert.equal(response.url.href, `http://127.0.0.1:${target.port}/x`);
  assert.deepEqual(seen, [`Basic ${Buffer.from("me:p@ss").toString("base64")}`, undefined]);
});

test("a streamed body is opened again for each try, and has its length", async () => {
  const lengths: (string | undefined)[] = [];
  let body = "";
  await using server = await listen(
    createServer((request, response) => {
      lengths.push(request.headers["content-length"]);
      body = "";
      request.on("data", (data) => {
        body += String(data);
      });
      request.on("end", () => response.writeHead(lengths.length < 3 ? 503 : 200).end());
    }),
  );
  let opened = 0;
  await using client = transport();
  const open = async function* (): AsyncGenerator<Buffer> {
    opened++;
    yield Buffer.from("ab");
    yield Buffer.from("cd");
  };
  const url = new URL(`http://127.0.0.1:${server.port}/`);
  const { status } = await client.request({ method: "PUT", url, body: { size: 4, open }, signal });
  assert.deepEqual([status, opened, body, lengths], [200, 3, "abcd", ["4", "4", "4"]]);
});

test("plain HTTP goes to a proxy as a whole URL, with its password", async () => {
  const asked: (readonly [string | undefined, string | undefined])[] = [];
  await using server = await listen(createServer((_, response) => response.end("from afar")));
  await using proxy = await listen(
    createServer((request, response) => {
      asked.push([request.url, request.headers["proxy-authorization"]]);
      const options = { host: "127.0.0.1", port: server.port, path: "/" };
      forward(options, (answer: IncomingMessage) => answer.pipe(response)).end();
    }),
  );
  await using client = transport({ env: { http_proxy: `http://me:secret@127.0.0.1:${proxy.port}` } });
  const response = await client.request({ method: "GET", url: new URL("http://far.example/x?y"), signal });
  assert.equal((await response.bytes(20)).toString(), "from afar");
  assert.deepEqual(asked, [
    ["http://far.example/x?y", `Basic ${Buffer.from("me:secret").toString("base64")}`],
  ]);
});

test("HTTPS goes through a proxy's tunnel; a proxy that refuses is named without its password", async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer();
  server.on("connect", (request, socket) => {
    asked.push(request.url);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await using proxy = await listen(server);
  await using client = transport({ env: { HTTPS_PROXY: `http://me:secret@127.0.0.1:${proxy.port}` } });
  const url = new URL("https://far.example/");
  await assert.rejects(client.request({ method: "GET", url, signal }), (error: Error) => {
    assert.match(error.message, /Cannot reach far\.example through the proxy 127\.0\.0\.1:\d+: .*403/);
    assert.ok(!error.message.includes("secret"));
    return true;
  });
  assert.deepEqual(asked, ["far.example:443"]);
});

test("what is not HTTP, and a broken connection, are told in words", async () => {
  for (const [bytes, message] of [
    ["\x15\x03\x01\x00\x02\x02\x16", /what it sent is not HTTP/],
    ["", /the connection broke/],
  ] as const) {
    const server = createServer();
    server.on("connection", (socket) => socket.end(bytes, "latin1"));
    await using raw = await listen(server);
    await using client = transport({ backoff: { attempts: 2, firstMs: 1, maxMs: 1 } });
    const url = new URL(`http://127.0.0.1:${raw.port}/`);
    await assert.rejects(client.request({ method: "GET", url, signal }), message);
  }
});

test("close() ends what is under way", async () => {
  await using server = await listen(createServer(() => undefined));
  const client = createTransport({ env: {}, backoff: { attempts: 1 } });
  const pending = client.request({ method: "GET", url: new URL(`http://127.0.0.1:${server.port}/`), signal });
  const failed = assert.rejects(pending);
  await new Promise<void>((resolve) => {
    connect(server.port, "127.0.0.1", resolve).unref();
  });
  await client.close();
  await failed;
});

test("delayAfter() doubles with jitter up to a limit, and obeys Retry-After up to another", () => {
  const backoff = { ...DEFAULT_BACKOFF, firstMs: 100, maxMs: 300, maxRetryAfterMs: 5000 };
  for (const [attempt, low, high] of [
    [1, 50, 100],
    [2, 100, 200],
    [9, 150, 300],
  ] as const) {
    const delay = delayAfter(attempt, backoff) ?? -1;
    assert.ok(delay >= low && delay <= high, `${attempt}: ${delay}`);
  }
  assert.equal(delayAfter(1, backoff, "2"), 2000);
  assert.equal(delayAfter(1, backoff, "6"), undefined);
});

test("retryAfterMs() reads seconds, dates and nonsense", () => {
  assert.equal(retryAfterMs(" 7 "), 7000);
  assert.equal(retryAfterMs("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  assert.equal(retryAfterMs("soon"), undefined);
  assert.equal(retryAfterMs(undefined), undefined);
});
