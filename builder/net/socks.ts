import { isIPv4, isIPv6, type Socket } from "node:net";
import type { buildConnector } from "undici";

type Connector = buildConnector.connector;

/** RFC 1928. */
const VERSION = 5;
const NO_AUTHORIZATION = 0;
const PASSWORD = 2;
const CONNECT = 1;
const ADDRESS = { ipv4: 1, name: 3, ipv6: 4 } as const;
/** RFC 1929: a name and a password have at most so many bytes. */
const MAX_TEXT = 255;
const DEFAULT_PORT = "1080";

/** RFC 1928, 6. */
const REPLIES: readonly string[] = [
  "",
  "it failed",
  "its rules do not allow the connection",
  "it has no route to the network",
  "it does not reach the host",
  "nothing listens there",
  "the connection took too long",
  "it knows no CONNECT",
  "it does not take this kind of address",
];

/**
 * Connections through a SOCKS5 proxy, which looks names up itself, as for Go's programs. `plain` connects to the proxy, `toServer`
 * speaks TLS through that where a server wants it.
 */
export function throughSocks(
  proxy: URL,
  connectMs: number,
  plain: Connector,
  toServer: Connector,
): Connector {
  const open = async (target: Target): Promise<Socket> => {
    const socket = await connect(proxy, plain);
    const timer = setTimeout(() => socket.destroy(new SlowProxy()), connectMs);
    try {
      await handshake(socket, proxy, target);
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
  return async (options, callback) => {
    try {
      const socket = await open(options);
      if (options.protocol === "https:") toServer({ ...options, httpSocket: socket }, callback);
      else callback(null, socket);
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), null);
    }
  };
}

/** As undici calls it. */
class SlowProxy extends Error {
  readonly code = "UND_ERR_CONNECT_TIMEOUT";
}

function connect({ hostname, host, port }: URL, plain: Connector): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const place = { hostname: hostname.replace(/^\[|\]$/g, ""), host, port: port || DEFAULT_PORT };
    plain({ ...place, protocol: "http:" }, (error, socket) =>
      error === null ? resolve(socket) : reject(error),
    );
  });
}

async function handshake(socket: Socket, proxy: URL, { hostname, port, protocol }: Target): Promise<void> {
  const user = Buffer.from(decodeURIComponent(proxy.username));
  const password = Buffer.from(decodeURIComponent(proxy.password));
  const methods = user.length > 0 ? [NO_AUTHORIZATION, PASSWORD] : [NO_AUTHORIZATION];
  using pieces = new Pieces(socket);
  socket.write(Buffer.from([VERSION, methods.length, ...methods]));
  const [version, method] = await pieces.take(2);
  if (version !== VERSION) throw new Error("what it sent is not SOCKS5");
  if (method === PASSWORD && user.length > 0) {
    if (Math.max(user.length, password.length) > MAX_TEXT)
      throw new Error(`a user and a password of SOCKS5 have at most ${MAX_TEXT} bytes`);
    socket.write(
      Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]),
    );
    if ((await pieces.take(2))[1] !== 0) throw new Error("it refuses this user and password");
  } else if (method !== NO_AUTHORIZATION) {
    throw new Error(user.length > 0 ? "it takes no user and password" : "it wants a user and a password");
  }
  const number = Number(port || (protocol === "https:" ? 443 : 80));
  const end = Buffer.from([number >> 8, number & 0xff]);
  socket.write(Buffer.concat([Buffer.from([VERSION, CONNECT, 0]), addressOf(hostname), end]));
  const [replyVersion, reply = 0, , kind] = await pieces.take(4);
  if (replyVersion !== VERSION) throw new Error("what it sent is not SOCKS5");
  if (reply !== 0) throw new Error(REPLIES[reply] ?? `it says no (${reply})`);
  // Where it connected from: nobody needs it, but it comes before the server's first byte.
  const length = kind === ADDRESS.name ? (await pieces.take(1))[0] : kind === ADDRESS.ipv6 ? 16 : 4;
  await pieces.take((length ?? 0) + 2);
}

interface Target {
  readonly hostname: string;
  readonly port: string;
  readonly protocol: string;
}

function addressOf(hostname: string): Buffer {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (isIPv4(host)) return Buffer.from([ADDRESS.ipv4, ...host.split(".").map(Number)]);
  if (isIPv6(host)) return Buffer.concat([Buffer.from([ADDRESS.ipv6]), ipv6Bytes(host)]);
  const name = Buffer.from(host);
  if (name.length > MAX_TEXT) throw new Error("the name of the host is too long for SOCKS5");
  return Buffer.concat([Buffer.from([ADDRESS.name, name.length]), name]);
}

function words(text: string): readonly string[] {
  return text.split(":").filter((word) => word !== "");
}

function ipv6Bytes(host: string): Buffer {
  const [head = "", tail] = host.split("::");
  const after = words(tail ?? "");
  const before = words(head);
  const zeros = Array<string>(8 - before.length - after.length).fill("0");
  return Buffer.from([...before, ...zeros, ...after].map((word) => word.padStart(4, "0")).join(""), "hex");
}

/** What comes from a socket, so many bytes at a time; it is as before where nobody reads any more. */
class Pieces implements Disposable {
  readonly #socket: Socket;
  #data = Buffer.alloc(0);
  #end: Error | undefined;
  #wake = (): void => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", this.#onData).on("error", this.#onEnd).on("end", this.#onEnd).on("close", this.#onEnd);
  }

  async take(size: number): Promise<Buffer> {
    while (this.#data.length < size) {
      if (this.#end !== undefined) throw this.#end;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const taken = this.#data.subarray(0, size);
    this.#data = this.#data.subarray(size);
    return taken;
  }

  [Symbol.dispose](): void {
    const end = this.#onEnd;
    this.#socket.pause().off("data", this.#onData).off("error", end).off("end", end).off("close", end);
    if (this.#data.length > 0) this.#socket.unshift(this.#data);
  }

  readonly #onData = (data: Buffer): void => {
    this.#data = Buffer.concat([this.#data, data]);
    this.#wake();
  };

  readonly #onEnd = (error?: unknown): void => {
    this.#end ??= error instanceof Error ? error : new Error("it ended the connection");
    this.#wake();
  };
}
