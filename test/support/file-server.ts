import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Files over HTTP, from this process, on a free port of loopback. */
export interface FileServer extends AsyncDisposable {
  /** By path. A function answers itself. */
  readonly files: Map<
    string,
    string | Buffer | ((request: IncomingMessage, response: ServerResponse) => void)
  >;
  /** `METHOD /path status` of every answer that is no function's. */
  readonly seen: string[];
  /** Headers of every answer, beside ETag. */
  headers: Readonly<Record<string, string>>;
  /** Whether files have ETags. */
  etags: boolean;
  readonly origin: string;
  url(path: string): URL;
}

export async function openFileServer(): Promise<FileServer> {
  const server = createServer((request, response) => answer(state, request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: FileServer = {
    files: new Map(),
    seen: [],
    headers: {},
    etags: true,
    origin,
    url: (path) => new URL(path, origin),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return state;
}

function answer(state: FileServer, request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? "/", state.origin);
  const file = state.files.get(pathname);
  if (typeof file === "function") {
    file(request, response);
    return;
  }
  const etag = `"${createHash("sha1")
    .update(file ?? "")
    .digest("hex")}"`;
  const { headers } = request;
  const since = headers["if-modified-since"];
  const unchanged =
    (state.etags && headers["if-none-match"] === etag) ||
    (since !== undefined && since === state.headers["last-modified"]);
  const status = file === undefined ? 404 : unchanged ? 304 : 200;
  state.seen.push(`${request.method} ${pathname} ${status}`);
  response.writeHead(status, { ...state.headers, ...(state.etags ? { etag } : {}) });
  response.end(status === 200 ? file : undefined);
}
