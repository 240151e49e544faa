import type { Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import type { HttpRequest, HttpResponse, Transport } from "../net/types.ts";
import { Authorizer } from "./auth.ts";
import { endpointsOf, originOf, type Endpoint } from "./endpoints.ts";
import { responseError } from "./response-error.ts";
import { Shared } from "./shared.ts";
import type { CredentialStore, RegistryConfig, Repository } from "./types.ts";

/** One request to a registry, below /v2/REPOSITORY/ of whichever endpoint is asked. */
export interface RegistryRequest extends Omit<HttpRequest, "url"> {
  /** `manifests/latest`; `/v2/` from the top of the host; or a whole URL, as an upload's Location is. */
  readonly path: string | URL;
  readonly scopes: readonly string[];
  /** For messages: "pull docker.io/library/debian:12". */
  readonly action: string;
}

/** An answer, and whether the server asked who comes and was told. */
interface Proof {
  readonly response: HttpResponse;
  readonly proved: boolean;
}

/** A mirror gives way to the next one soon; the registry itself is worth more patience. */
const MIRROR_ATTEMPTS = 2;

/** Requests with authorization, and the choice of who is asked. Lives as long as its client. */
export class Session {
  readonly transport: Transport;
  readonly #config: RegistryConfig;
  readonly #authorizer: Authorizer;
  /** Mirrors that were not reached once: 60 layers shall not each wait for the same time-out. */
  readonly #down = new Set<string>();
  readonly #origins = new Shared<string>();
  /** By mirror and digest: what came from there damaged. */
  readonly #distrusted = new Set<string>();

  constructor(transport: Transport, config: RegistryConfig, credentials: CredentialStore) {
    this.transport = transport;
    this.#config = config;
    this.#authorizer = new Authorizer(transport, credentials);
  }

  origin(repository: Repository): Endpoint {
    return originOf(repository, this.#config);
  }

  /** What the first endpoint says that can say it: mirrors in order, then the registry, whose error is the one that counts. */
  async fromAny<T>(
    repository: Repository,
    signal: AbortSignal,
    ask: (endpoint: Endpoint) => Promise<T>,
    isMeant: (endpoint: Endpoint) => boolean = () => true,
  ): Promise<T> {
    const endpoints = endpointsOf(repository, this.#config);
    const refusals: string[] = [];
    for (const endpoint of endpoints) {
      if (!endpoint.isMirror || this.#down.has(endpoint.origin) || !isMeant(endpoint)) continue;
      try {
        return await ask(endpoint);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof TsbuildError)) throw error;
        if (error.code === "NETWORK") this.#down.add(endpoint.origin);
        if (error.code !== "REGISTRY_NOT_FOUND") refusals.push(error.message);
      }
    }
    try {
      return await ask(endpoints.at(-1) ?? this.origin(repository));
    } catch (error) {
      throw refusals.length > 0 && error instanceof TsbuildError ? afterMirrors(error, refusals) : error;
    }
  }

  /** A mirror sent something else than this digest names. */
  distrust(mirror: Endpoint, digest: Digest): void {
    this.#distrusted.add(`${mirror.origin} ${digest}`);
  }

  trusts(endpoint: Endpoint, digest: Digest): boolean {
    return !this.#distrusted.has(`${endpoint.origin} ${digest}`);
  }

  /** The same endpoint as it is reached: without TLS, where registries.conf allows that and there is none. */
  async #reached(endpoint: Endpoint, signal: AbortSignal): Promise<Endpoint> {
    if (endpoint.mayBePlain !== true) return endpoint;
    const probe = async (origin: string): Promise<string> => {
      const url = new URL(`${origin}/v2/`);
      await (await this.transport.request({ method: "GET", url, attempts: 1, signal })).discard();
      return origin;
    };
    const find = async (): Promise<string> => {
      try {
        return await probe(endpoint.origin);
      } catch (error) {
        signal.throwIfAborted();
        // Of two errors the one over TLS is the one to mend.
        return probe(endpoint.origin.replace("https:", "http:")).catch(() => Promise.reject(error));
      }
    };
    return { ...endpoint, origin: await this.#origins.get(endpoint.origin, signal, find) };
  }

  /** The answer, after authorization where the server wants one. */
  async send(endpoint: Endpoint, request: RegistryRequest): Promise<HttpResponse> {
    const reached = await this.#reached(endpoint, request.signal);
    if (isElsewhere(reached, request.path)) return this.#sendAs(reached, request, undefined);
    return (await this.#prove(reached, request)).response;
  }

  /** The same, and whether the server asked who comes and was told. */
  async prove(endpoint: Endpoint, request: RegistryRequest): Promise<Proof> {
    return this.#prove(await this.#reached(endpoint, request.signal), request);
  }

  async #prove(endpoint: Endpoint, request: RegistryRequest): Promise<Proof> {
    const { scopes, signal } = request;
    const first = await this.#authorizer.header(endpoint, scopes, signal);
    const response = await this.#sendAs(endpoint, request, first);
    if (response.status !== 401) return { response, proved: first !== undefined };
    const second = await this.#authorizer.answer(endpoint, response, scopes, first, signal);
    if (second === undefined) return { response, proved: false };
    await response.discard();
    return { response: await this.#sendAs(endpoint, request, second), proved: true };
  }

  /** The answer where its status is one of `wanted`, else its error. */
  async expect(
    endpoint: Endpoint,
    request: RegistryRequest,
    wanted: readonly number[],
  ): Promise<HttpResponse> {
    const response = await this.send(endpoint, request);
    if (wanted.includes(response.status)) return response;
    throw await this.failure(endpoint, request, response);
  }

  async failure(
    endpoint: Endpoint,
    { action, signal }: Pick<RegistryRequest, "action" | "signal">,
    response: HttpResponse,
  ): Promise<TsbuildError> {
    const credential = await this.#authorizer.credential(endpoint, signal);
    return responseError(action, response, {
      registry: endpoint.registry,
      hasCredential: credential !== undefined,
    });
  }

  #sendAs(
    endpoint: Endpoint,
    request: RegistryRequest,
    authorization: string | undefined,
  ): Promise<HttpResponse> {
    const { path } = request;
    return this.transport.request({
      method: request.method,
      url: typeof path === "string" ? new URL(path, `${endpoint.origin}/v2/${endpoint.repository}/`) : path,
      headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
      ...(request.body === undefined ? {} : { body: request.body }),
      ...(endpoint.isMirror ? { attempts: MIRROR_ATTEMPTS } : {}),
      ...(request.attempts === undefined ? {} : { attempts: request.attempts }),
      ...(request.whole === undefined ? {} : { whole: request.whole }),
      signal: request.signal,
    });
  }
}

/** What the registry said, and why nobody before it could. */
function afterMirrors(error: TsbuildError, refusals: readonly string[]): TsbuildError {
  const before = `before it: ${refusals.join("; ")}`;
  const hint = error.hint === undefined ? before : `${error.hint}; ${before}`;
  return new TsbuildError(error.code, error.message, { hint, cause: error.cause ?? error });
}

/** An upload may be sent to another host, scheme or port: without credentials (CVE-2026-50151). */
function isElsewhere(endpoint: Endpoint, path: string | URL): boolean {
  return path instanceof URL && path.origin !== endpoint.origin;
}

export function pullScope(repository: string): string {
  return `repository:${repository}:pull`;
}

export function pushScope(repository: string): string {
  return `repository:${repository}:pull,push`;
}
