import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A SOCKS5 proxy on loopback (RFC 1928, 1929) that leads every host to one port of this machine. */
export class SocksProxy implements AsyncDisposable {
  /** `host:port`, as they were asked for. */
  readonly asked: string[] = [];
  /** `user:password` that it demands. */
  user: string | undefined;
  /** What it answers to CONNECT; 0 is yes. */
  reply = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number) {
    this.#server = createServer((socket) => {
      this.#note(socket);
      const bytes = new Pieces(socket);
      // Who breaks off is served no more.
      this.#serve(socket, bytes, port).catch(() => socket.destroy());
    });
  }

  static async start(port: number): Promise<SocksProxy> {
    const proxy = new SocksProxy(port);
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, "127.0.0.1", resolve);
    });
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  async #serve(socket: Socket, bytes: Pieces, port: number): Promise<void> {
    const [, methods = 0] = await bytes.take(2);
    const offered = await bytes.take(methods);
    const method = this.user === undefined ? 0 : 2;
    if (!offered.includes(method)) return void socket.end(Buffer.from([5, 0xff]));
    socket.write(Buffer.from([5, method]));
    if (this.user !== undefined) {
      const user = await bytes.take((await bytes.take(2))[1] ?? 0);
      const password = await bytes.take((await bytes.take(1))[0] ?? 0);
      const isRight = `${user.toString()}:${password.toString()}` === this.user;
      socket.write(Buffer.from([1, isRight ? 0 : 1]));
      if (!isRight) return void socket.end();
    }
    const [, , , kind] = await bytes.take(4);
    const host =
      kind === 3
        ? (await bytes.take((await bytes.take(1))[0] ?? 0)).toString()
        : (await bytes.take(kind === 4 ? 16 : 4)).join(".");
    this.asked.push(`${host}:${(await bytes.take(2)).readUInt16BE()}`);
    // In two pieces, with a name in place of an address: both may be.
    socket.write(Buffer.from([5, this.reply, 0]));
    const answer = Buffer.concat([Buffer.from([3, 4]), Buffer.from("here"), Buffer.from([0, 80])]);
    if (this.reply !== 0) return void socket.end(answer);
    const there = connect(port, "127.0.0.1", () => {
      socket.write(answer);
      bytes.end();
      there.pipe(socket).pipe(there);
    });
    this.#note(there);
  }

  #note(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
  }
}

/** What a socket brings, some bytes at a time. */
class Pieces {
  readonly #socket: Socket;
  #data = Buffer.alloc(0);
  #wake = (): void => {};
  readonly #onData = (data: Buffer): void => {
    this.#data = Buffer.concat([this.#data, data]);
    this.#wake();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", this.#onData);
  }

  async take(size: number): Promise<Buffer> {
    while (this.#data.length < size) await new Promise<void>((resolve) => (this.#wake = resolve));
    const taken = this.#data.subarray(0, size);
    this.#data = this.#data.subarray(size);
    return taken;
  }

  end(): void {
    this.#socket.off("data", this.#onData);
  }
}
