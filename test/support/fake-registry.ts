import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { sha256, type Digest } from "../../builder/core/digest.ts";
import { buildConfig, buildManifest } from "../../builder/image/build.ts";
import { MEDIA_TYPES, type Descriptor } from "../../builder/image/types.ts";
import type { DiffId } from "../../builder/core/digest.ts";

/** A request as it arrived. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

/** Answers a request in the registry's place. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => void;

interface ArmedFault {
  readonly matches: (line: string) => boolean;
  readonly fault: Fault;
  left: number;
}

/** Who may come in: everybody, a user with a password, or the bearer of a token that /token gives out. */
export type Guard =
  | { readonly kind: "open" }
  | { readonly kind: "basic"; readonly user: string }
  | { readonly kind: "bearer"; readonly user?: string; readonly realm?: string; readonly lifetime?: number };

/** A registry in this process, on a free port of loopback, that misbehaves as it is told. */
export class FakeRegistry implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly blobs = new Map<string, Buffer>();
  /** By `REPOSITORY REFERENCE`. */
  readonly manifests = new Map<string, { readonly raw: Buffer; readonly mediaType: string }>();
  /** `user:password` pairs go in here as base64. */
  guard: Guard = { kind: "open" };
  readonly tokens = new Set<string>();
  /** What uploads have so far, by their number. */
  readonly uploads = new Map<string, Buffer>();
  #started = 0;
  readonly #server: Server;
  readonly #faults: ArmedFault[] = [];

  constructor(server: Server) {
    this.#server = server;
    server.on("request", (request: IncomingMessage, response: ServerResponse) =>
      this.#handle(request, response),
    );
  }

  static async start(tls?: ServerOptions): Promise<FakeRegistry> {
    const registry = new FakeRegistry(tls === undefined ? createServer() : createTlsServer(tls));
    await new Promise<void>((resolve) => {
      registry.#server.listen(0, "127.0.0.1", resolve);
    });
    return registry;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The next `times` requests whose "METHOD path" begins so are answered by `fault`. */
  arm(start: string, fault: Fault, times = Number.POSITIVE_INFINITY): void {
    this.#faults.push({ matches: (line) => line.startsWith(start), fault, left: times });
  }

  lines(): readonly string[] {
    return this.seen.map(({ method, path }) => `${method} ${path}`);
  }

  addBlob(data: Buffer): Digest {
    const digest = sha256(data);
    this.blobs.set(digest, data);
    return digest;
  }

  addManifest(repository: string, reference: string, raw: Buffer, mediaType: string): Digest {
    const digest = sha256(raw);
    this.manifests.set(`${repository} ${reference}`, { raw, mediaType });
    this.manifests.set(`${repository} ${digest}`, { raw, mediaType });
    return digest;
  }

  /** An image with one layer, and the descriptor of its manifest. */
  addImage(repository: string, reference: string, layer: Buffer, architecture = "amd64"): Descriptor {
    const digest = this.addBlob(layer);
    const config = buildConfig({
      platform: { os: "linux", architecture },
      created: "2026-01-01T00:00:00Z",
      config: { Cmd: ["true"] },
      diffIds: [digest as DiffId],
      history: [{ created_by: "test" }],
    });
    const raw = buildManifest({
      config: { mediaType: MEDIA_TYPES.ociConfig, digest: this.addBlob(config), size: config.length },
      layers: [{ mediaType: MEDIA_TYPES.ociLayer, digest, size: layer.length }],
      format: "oci",
    });
    this.addManifest(repository, reference, raw, MEDIA_TYPES.ociManifest);
    return { mediaType: MEDIA_TYPES.ociManifest, digest: sha256(raw), size: raw.length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url: path = "" } = request;
    const { authorization, range } = request.headers;
    this.seen.push({ method, path, authorization, range });
    const armed = this.#faults.find(({ matches, left }) => left > 0 && matches(`${method} ${path}`));
    if (armed !== undefined) {
      armed.left--;
      armed.fault(request, response);
      return;
    }
    if (path.startsWith("/token")) this.#giveToken(request, response);
    else if (this.#mayEnter(authorization)) this.serve(request, response);
    else this.challenge(response);
  }

  #mayEnter(authorization: string | undefined): boolean {
    if (this.guard.kind === "open") return true;
    if (this.guard.kind === "basic") return authorization === basicOf(this.guard.user);
    return authorization?.startsWith("Bearer ") === true && this.tokens.has(authorization.slice(7));
  }

  /** Asks who comes. */
  challenge(response: ServerResponse): void {
    const realm = this.guard.kind === "bearer" ? (this.guard.realm ?? `http://${this.host}/token`) : "";
    const header =
      this.guard.kind === "bearer" ? `Bearer realm="${realm}",service="fake"` : 'Basic realm="fake registry"';
    response.writeHead(401, { "www-authenticate": header, "content-type": "application/json" });
    response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
  }

  #giveToken(request: IncomingMessage, response: ServerResponse): void {
    const { guard } = this;
    if (guard.kind !== "bearer") return void response.writeHead(404).end();
    if (guard.user !== undefined && request.headers.authorization !== basicOf(guard.user)) {
      return void response.writeHead(401).end('{"details":"incorrect username or password"}');
    }
    const token = `token-${this.tokens.size}-${this.port}`;
    this.tokens.add(token);
    response.end(JSON.stringify({ token, expires_in: guard.lifetime ?? 300 }));
  }

  /** As if nothing were armed and everybody let in. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url = "" } = request;
    const { pathname, searchParams } = new URL(url, "http://fake");
    const [, repository = "", kind = "", name = ""] =
      /^\/v2\/(.+)\/(manifests|blobs)\/(.*)$/.exec(pathname) ?? [];
    if (pathname === "/v2/") return void response.end("{}");
    if (method === "POST") {
      if (searchParams.has("mount") && this.blobs.has(searchParams.get("mount") ?? "")) {
        return void response.writeHead(201).end();
      }
      const id = String(++this.#started);
      this.uploads.set(id, Buffer.alloc(0));
      return void response
        .writeHead(202, { location: `/v2/${repository}/blobs/uploads/${id}?state=a` })
        .end();
    }
    const upload = /\/blobs\/uploads\/(\d+)$/.exec(pathname)?.[1];
    if (upload !== undefined && (method === "GET" || method === "PATCH")) {
      return void this.#goOn(request, response, upload);
    }
    if (method === "DELETE") return void response.writeHead(204).end();
    if (method === "PUT") {
      const place = kind === "blobs" ? (searchParams.get("digest") ?? "") : `${repository} ${name}`;
      void this.#store(request, response, kind, place, upload);
      return;
    }
    const found = kind === "blobs" ? this.blobs.get(name) : this.manifests.get(`${repository} ${name}`);
    if (found === undefined) {
      return void response.writeHead(404).end('{"errors":[{"code":"UNKNOWN","message":"not here"}]}');
    }
    if (Buffer.isBuffer(found)) sendBlob(request, response, found);
    else {
      const headers = { "content-type": found.mediaType, "content-length": found.raw.length };
      response.writeHead(200, { ...headers, "docker-content-digest": sha256(found.raw) });
      response.end(method === "HEAD" ? undefined : found.raw);
    }
  }

  /** A piece of an upload, or the question how far it is. */
  async #goOn(request: IncomingMessage, response: ServerResponse, upload: string): Promise<void> {
    const start = /^(\d+)-/.exec(request.headers["content-range"] ?? "")?.[1];
    const piece = request.method === "PATCH" ? await collect(request) : Buffer.alloc(0);
    const before = this.uploads.get(upload);
    if (before === undefined) return void response.writeHead(404).end();
    const fits = start === undefined || Number(start) === before.length;
    const data = fits ? Buffer.concat([before, piece]) : before;
    this.uploads.set(upload, data);
    const status = request.method === "GET" ? 204 : fits ? 202 : 416;
    response.writeHead(status, {
      location: (request.url ?? "").replace(/digest=.*/, ""),
      range: `0-${Math.max(0, data.length - 1)}`,
    });
    response.end();
  }

  async #store(
    request: IncomingMessage,
    response: ServerResponse,
    kind: string,
    name: string,
    upload = "",
  ): Promise<void> {
    const data = Buffer.concat([this.uploads.get(upload) ?? Buffer.alloc(0), await collect(request)]);
    if (kind === "blobs") {
      if (sha256(data) !== name)
        return void response.writeHead(400).end('{"errors":[{"code":"DIGEST_INVALID"}]}');
      this.blobs.set(name, data);
    } else {
      const [repository = "", reference = ""] = name.split(" ");
      this.addManifest(repository, reference, data, request.headers["content-type"] ?? "");
    }
    response.writeHead(201, { "docker-content-digest": sha256(data) }).end();
  }
}

export function basicOf(user: string): string {
  return `Basic ${Buffer.from(user).toString("base64")}`;
}

function sendBlob(request: IncomingMessage, response: ServerResponse, data: Buffer): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  if (start >= data.length && start > 0) return void response.writeHead(416).end();
  const rest = data.subarray(start);
  response.writeHead(start > 0 ? 206 : 200, {
    "content-length": rest.length,
    ...(start > 0 ? { "content-range": `bytes ${start}-${data.length - 1}/${data.length}` } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : rest);
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
