import { createServer, request as forward, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";

/** A proxy on loopback that leads every host to one port of this machine; with a certificate it is asked over TLS. */
export class Proxy implements AsyncDisposable {
  /** `CONNECT host:port` and `GET http://host/path`, as they came. */
  readonly asked: string[] = [];
  /** `user:password` that it demands. */
  user: string | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #port: number;

  private constructor(port: number, tls: ServerOptions | undefined) {
    this.#port = port;
    this.#server = tls === undefined ? createServer() : createTlsServer(tls);
    this.#server.on("connection", (socket) => this.#note(socket));
    this.#server.on("connect", (request, socket) => this.#tunnel(request, socket as Socket));
    this.#server.on("request", (request, response) => {
      this.asked.push(`${request.method} ${request.url}`);
      if (!this.#mayPass(request)) return void response.writeHead(407, DEMAND).end();
      const { pathname, search } = new URL(request.url ?? "");
      const { "proxy-authorization": _, ...headers } = request.headers;
      const onward = { host: "127.0.0.1", port: this.#port, method: request.method, headers };
      const there = forward({ ...onward, path: `${pathname}${search}` }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      there.on("error", () => response.destroy());
      request.pipe(there);
    });
  }

  static async start(port: number, tls?: ServerOptions): Promise<Proxy> {
    const proxy = new Proxy(port, tls);
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, "127.0.0.1", resolve);
    });
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  #tunnel(request: IncomingMessage, socket: Socket): void {
    this.asked.push(`CONNECT ${request.url}`);
    if (!this.#mayPass(request)) {
      return void socket.end(
        "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n",
      );
    }
    const there = connect(this.#port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      there.pipe(socket).pipe(there);
    });
    this.#note(there);
  }

  #note(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #mayPass({ headers }: IncomingMessage): boolean {
    const wanted = this.user && `Basic ${Buffer.from(this.user).toString("base64")}`;
    return wanted === undefined || headers["proxy-authorization"] === wanted;
  }
}

const DEMAND = { "proxy-authenticate": "Basic" };
