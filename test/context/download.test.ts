import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { download, type DownloadOptions, type Downloaded } from "../../builder/context/download.ts";
import { sha256 } from "../../builder/core/digest.ts";
import { createTransport } from "../../builder/net/transport.ts";
import type { Transport } from "../../builder/net/types.ts";
import { scratchStore, type ScratchStore } from "../store/scratch.ts";
import { openFileServer, type FileServer } from "../support/file-server.ts";

interface Bench extends AsyncDisposable {
  readonly server: FileServer;
  readonly scratch: ScratchStore;
  get(path: string, options?: Partial<DownloadOptions>): Promise<Downloaded>;
}

async function open(): Promise<Bench> {
  const server = await openFileServer();
  const scratch = scratchStore();
  const transport: Transport = createTransport({ env: {}, backoff: { firstMs: 1, maxMs: 2, attempts: 3 } });
  return {
    server,
    scratch,
    get: (path, options = {}) =>
      download(new URL(path, server.origin), {
        store: scratch.store,
        transport: async () => transport,
        signal: new AbortController().signal,
        secretOf: () => undefined,
        ...options,
      }),
    async [Symbol.asyncDispose]() {
      await transport.close();
      await server[Symbol.asyncDispose]();
      await scratch.store.close();
      scratch[Symbol.dispose]();
    },
  };
}

test("download() brings the bytes into the store, with the server's time", async () => {
  await using bench = await open();
  bench.server.files.set("/a", "text");
  bench.server.headers = { "last-modified": "Sat, 01 Jan 2022 00:00:00 GMT" };
  const { digest, size, mtime, path } = await bench.get("/a");
  assert.deepEqual({ digest, size, mtime }, { digest: sha256("text"), size: 4, mtime: 1_640_995_200 });
  assert.equal(readFileSync(path, "utf8"), "text");
});

test("download() says the time is 0 where the server says none, or nonsense (BuildKit source/http)", async () => {
  await using bench = await open();
  bench.server.files.set("/a", "a").set("/b", "b");
  assert.equal((await bench.get("/a")).mtime, 0);
  bench.server.headers = { "last-modified": "yesterday" };
  assert.equal((await bench.get("/b")).mtime, 0);
});

for (const kind of ["ETag", "Last-Modified"] as const) {
  test(`download() asks once, and gets no body, for what its ${kind} says is unchanged`, async () => {
    await using bench = await open();
    const { server } = bench;
    server.files.set("/a", "text");
    if (kind === "Last-Modified") {
      server.etags = false;
      server.headers = { "last-modified": "Sat, 01 Jan 2022 00:00:00 GMT" };
    }
    const first = await bench.get("/a");
    assert.deepEqual(await bench.get("/a"), first);
    assert.deepEqual(server.seen, ["GET /a 200", "GET /a 304"]);
    server.files.set("/a", "other");
    server.headers = {};
    assert.equal((await bench.get("/a")).digest, sha256("other"));
  });
}

test("download() asks nothing for a checksum that is here, and refuses bytes with another", async () => {
  await using bench = await open();
  bench.server.files.set("/a", "text");
  const checksum = sha256("text");
  await bench.get("/a", { checksum });
  await bench.get("/a", { checksum });
  assert.equal(bench.server.seen.length, 1);
  bench.server.files.set("/a", "evil");
  await assert.rejects(bench.get("/a", { checksum: sha256("good") }), {
    code: "DIGEST_MISMATCH",
    message: `Cannot use ${bench.server.origin}/a: its digest is ${sha256("evil")}, not ${sha256("good")}`,
  });
});

test("download() downloads again where the blob is gone from the store, or the record is torn", async () => {
  await using bench = await open();
  const { store } = bench.scratch;
  bench.server.files.set("/a", "text");
  const { digest } = await bench.get("/a");
  store.blobs.delete(digest);
  await bench.get("/a");
  assert.deepEqual(bench.server.seen, ["GET /a 200", "GET /a 200"]);
});

test("download() refuses what is larger than the limit, announced or not (ATTACKS 22)", async () => {
  await using bench = await open();
  const { server } = bench;
  server.files.set("/announced", "x".repeat(100));
  server.files.set("/endless", (_request, response) => {
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed && response.write("x".repeat(1000)));
      response.once("drain", more);
    };
    more();
  });
  for (const path of ["/announced", "/endless"]) {
    await assert.rejects(bench.get(path, { limit: 99 }), {
      code: "NETWORK",
      message: `Cannot download ${server.origin}${path}: it is larger than 99 bytes`,
    });
  }
});

test("download() begins again where the connection breaks, and then gives up", async () => {
  await using bench = await open();
  let tries = 0;
  bench.server.files.set("/a", (_request, response) => {
    tries += 1;
    response.writeHead(200, { "content-length": 8 });
    if (tries === 3) response.end("complete");
    else response.write("half", () => response.destroy());
  });
  assert.equal((await bench.get("/a")).digest, sha256("complete"));
  assert.equal(tries, 3);
  tries = 10;
  await assert.rejects(bench.get("/a"), { code: "NETWORK" });
});

test("download() keeps what one user may see from another, and no credentials in the store", async () => {
  await using bench = await open();
  const { server, scratch } = bench;
  server.files.set("/a", ({ headers }, response) => {
    const allowed = headers.authorization === `Basic ${Buffer.from("u:geheim").toString("base64")}`;
    response.writeHead(allowed ? 200 : 401, { etag: '"1"' }).end(allowed ? "secret" : "");
  });
  const mine = server.origin.replace("//", "//u:geheim@");
  await bench.get(`${mine}/a`);
  await assert.rejects(bench.get("/a"), { message: /asks for a user and a password \(status 401\)/ });
  const records = readdirSync(`${scratch.root}/sources`).map((name) =>
    readFileSync(`${scratch.root}/sources/${name}`, "utf8"),
  );
  assert.equal(records.length, 1);
  assert.doesNotMatch(records.join(), /geheim/);
});

for (const [location, state] of [
  ["file:///etc/passwd", "it leads to file: instead of http(s)"],
  ["http://169.254.169.254/latest/meta-data", "it leads to 169.254.169.254, an address inside this machine"],
  ["/loop", "they do not end"],
] as const) {
  test(`download() does not follow a redirect to ${location} (ATTACKS 22)`, async () => {
    await using bench = await open();
    bench.server.files.set("/loop", (_request, response) => response.writeHead(302, { location }).end());
    await assert.rejects(bench.get("/loop"), (error: Error) => error.message.endsWith(state));
  });
}

test("download() says what the server says, without the query, which may be a signature", async () => {
  await using bench = await open();
  await assert.rejects(bench.get("/none?sig=geheim"), {
    code: "NETWORK",
    message: `Cannot download ${bench.server.origin}/none?…: the server does not have it (status 404)`,
  });
});
