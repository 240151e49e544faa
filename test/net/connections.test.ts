import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { createTransport } from "../../builder/net/transport.ts";
import type { HttpRequest, HttpResponse } from "../../builder/net/types.ts";

const signal = new AbortController().signal;

/** Makes requests one after the other, as an upload does, and says over how many connections. */
async function statusesOf(
  server: Server,
  requests: readonly HttpRequest["method"][],
): Promise<readonly [number[], number]> {
  let connections = 0;
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connections++;
    open.add(socket);
    socket.on("error", () => {});
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const client = createTransport({ env: {}, backoff: { firstMs: 1, maxMs: 2 } });
  try {
    const statuses: number[] = [];
    for (const method of requests) {
      const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const body = method === "HEAD" ? undefined : Buffer.from("some bytes");
      const response: HttpResponse = await client.request({ method, url, signal, ...(body && { body }) });
      await response.discard();
      statuses.push(response.status);
    }
    return [statuses, connections];
  } finally {
    await client.close();
    for (const socket of open) socket.destroy();
    server.close();
  }
}

test("HEAD, POST and PUT in a row take one connection", async () => {
  const server = createHttpServer((request, response) => {
    request.resume();
    response.writeHead(request.method === "HEAD" ? 404 : 202, {
      "content-length": request.method === "HEAD" ? 157 : 0,
    });
    response.end();
  });
  assert.deepEqual(await statusesOf(server, ["HEAD", "POST", "PUT", "HEAD", "PUT"]), [
    [404, 202, 202, 404, 202],
    1,
  ]);
});

test("a server that answers HEAD with a body is asked over another connection", async () => {
  const server = createServer((socket) => {
    socket.on("data", (data) => {
      const answer = data.toString().startsWith("HEAD")
        ? "404 Not Found\r\ncontent-length: 4\r\n\r\nbody"
        : "202 Accepted\r\ncontent-length: 0\r\n\r\n";
      socket.write(`HTTP/1.1 ${answer}`);
    });
  });
  const [statuses, connections] = await statusesOf(server, ["HEAD", "POST"]);
  assert.deepEqual(statuses, [404, 202]);
  assert.equal(connections, 2);
});
