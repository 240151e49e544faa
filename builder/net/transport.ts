import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { TsbuildError } from "../core/errors.ts";
import { Agents } from "./agents.ts";
import { DEFAULT_BACKOFF, delayAfter, isTransientStatus, pause } from "./backoff.ts";
import { explainFailure, type Destination, type Failure } from "./failure.ts";
import { MAX_REDIRECTS, isRedirect, redirectHeaders, redirectTarget } from "./redirect.ts";
import { basic } from "./source-auth.ts";
import { loadUndici } from "./undici.ts";
import type { HttpRequest, HttpResponse, Timeouts, Transport, TransportOptions } from "./types.ts";
import { userOf } from "./url-user.ts";

const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 15_000,
  answerMs: 60_000,
  stallMs: 60_000,
  wholeMs: 300_000,
};
/** A rest that nobody wants is read for so long; then its connection is given up. */
const DISCARD_MS = 2_000;

/** Makes a transport. Nothing is loaded and no connection opened before the first request. */
export function createTransport(options: TransportOptions): Transport {
  const timeouts: Timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const backoff = { ...DEFAULT_BACKOFF, ...options.backoff };
  const agents = new Agents(options.env, timeouts, options.tls ?? (() => undefined));

  return {
    backoff,
    async request(request) {
      const attempts = request.attempts ?? backoff.attempts;
      for (let attempt = 1; ; attempt++) {
        request.signal.throwIfAborted();
        const outcome = await attemptOnce(request, agents, timeouts);
        const last = attempt >= attempts;
        if ("error" in outcome) {
          request.signal.throwIfAborted();
          if (last || !outcome.transient) throw outcome.error;
          await pause(delayAfter(attempt, backoff) ?? 0, request.signal);
          continue;
        }
        if (last || !isTransientStatus(outcome.status)) return outcome;
        const delay = delayAfter(attempt, backoff, outcome.header("retry-after"));
        if (delay === undefined) return outcome;
        await outcome.discard();
        await pause(delay, request.signal);
      }
    },
    // A request that comes fails in the same way, and is heard.
    prepare: () => void loadUndici().catch(() => undefined),
    close: () => agents.close(),
  };
}

async function attemptOnce(
  request: HttpRequest,
  agents: Agents,
  timeouts: Timeouts,
): Promise<HttpResponse | Failure> {
  let url = withoutCredentials(request.url);
  let headers = { "user-agent": "tsbuild", ...basicOf(request.url), ...request.headers };
  for (let hop = 0; ; hop++) {
    let destination: Destination = { url, proxy: undefined, timeouts };
    try {
      const route = await agents.route(url);
      destination = { url, proxy: route.proxy, timeouts };
      const response = await send({ ...request, url, headers }, route.dispatcher, destination);
      const followed = request.method === "GET" || request.method === "HEAD";
      if (!followed || !isRedirect(response.status)) {
        return request.whole === undefined ? response : await read(response, request.whole);
      }
      await response.discard();
      if (hop === MAX_REDIRECTS) {
        throw new TsbuildError(
          "NETWORK",
          `Cannot follow the redirects of ${request.url.host}: they do not end`,
        );
      }
      const target = redirectTarget(url, response.header("location"));
      headers = { "user-agent": "tsbuild", ...redirectHeaders(headers, url, target) };
      url = target;
    } catch (error) {
      return explainFailure(error, destination);
    }
  }
}

/** The same answer with its body read; a failure, which may be worth another try, where that breaks. */
async function read(response: HttpResponse, limit: number): Promise<HttpResponse | Failure> {
  if (response.status < 200 || response.status > 299) return response;
  try {
    const data = await response.bytes(limit);
    const { status, url, header } = response;
    const body = (async function* () {
      yield data;
    })();
    return { status, url, header, body, bytes: async () => data, discard: async () => undefined };
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error;
    return { error, transient: error.code === "NETWORK" };
  }
}

async function send(
  request: HttpRequest & { readonly headers: Readonly<Record<string, string>> },
  dispatcher: Dispatcher,
  destination: Destination,
): Promise<HttpResponse> {
  const { method, url, body, signal } = request;
  const size = body === undefined ? undefined : Buffer.isBuffer(body) ? body.length : body.size;
  const answer = await dispatcher.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method,
    headers: size === undefined ? request.headers : { ...request.headers, "content-length": String(size) },
    // undici would close the connection behind a HEAD, as servers may send what nobody reads: then it breaks, and is made anew.
    reset: false,
    body: body === undefined || Buffer.isBuffer(body) ? (body ?? null) : Readable.from(body.open()),
    signal,
  });
  // Bodies that nobody reads to their end still fail when the connection does.
  answer.body.on("error", () => undefined);
  const arriving = (): AsyncIterable<Buffer> => pieces(answer.body, signal, destination);
  return {
    status: answer.statusCode,
    url,
    header(name) {
      const value = answer.headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
    get body() {
      return arriving();
    },
    async bytes(limit) {
      const timer = setTimeout(
        () => answer.body.destroy(new DOMException("too slow", "TimeoutError")),
        destination.timeouts.wholeMs,
      );
      try {
        return await collect(arriving(), limit, url);
      } finally {
        clearTimeout(timer);
      }
    },
    async discard() {
      // A short rest is read so that the connection can be used again; a long one is not worth it.
      const patience = AbortSignal.any([signal, AbortSignal.timeout(DISCARD_MS)]);
      await answer.body.dump({ limit: 64 * 1024, signal: patience }).catch(() => undefined);
      // undici calls a connection free only after it has told of the end: a request made at once would open another one.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    },
  };
}

async function* pieces(
  body: AsyncIterable<Buffer>,
  signal: AbortSignal,
  destination: Destination,
): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    signal.throwIfAborted();
    throw explainFailure(error, destination).error;
  }
}

async function collect(body: AsyncIterable<Buffer>, limit: number, url: URL): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) {
      throw new TsbuildError(
        "REGISTRY_RESPONSE",
        `Cannot read the answer of ${url.host}: it is longer than ${limit} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function withoutCredentials(url: URL): URL {
  const clean = new URL(url);
  clean.username = "";
  clean.password = "";
  return clean;
}

function basicOf(url: URL): Readonly<Record<string, string>> {
  if (url.username === "" && url.password === "") return {};
  const { user, password } = userOf(url, "REFERENCE_INVALID", `the URL of ${url.host}`);
  return { authorization: basic(user, password) };
}
