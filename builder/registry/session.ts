import { TsbuildError } from "../core/errors.ts";
import type { HttpRequest, HttpResponse, Transport } from "../net/types.ts";
import { Authorizer } from "./auth.ts";
import { endpointsOf, originOf, type Endpoint } from "./endpoints.ts";
import { responseError } from "./response-error.ts";
import type { CredentialStore, RegistryConfig, Repository } from "./types.ts";

/** One request to a registry, below /v2/REPOSITORY/ of whichever endpoint is asked. */
export interface RegistryRequest extends Omit<HttpRequest, "url"> {
  /** `manifests/latest`; or a whole URL, as an upload's Location is. */
  readonly path: string | URL;
  readonly scopes: readonly string[];
  /** For messages: "pull docker.io/library/debian:12". */
  readonly action: string;
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
  ): Promise<T> {
    for (const endpoint of endpointsOf(repository, this.#config)) {
      if (!endpoint.isMirror) break;
      if (this.#down.has(endpoint.origin)) continue;
      try {
        return await ask(endpoint);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof TsbuildError)) throw error;
        if (error.code === "NETWORK") this.#down.add(endpoint.origin);
      }
    }
    return ask(this.origin(repository));
  }

  /** The answer, after authorization where the server wants one. */
  async send(endpoint: Endpoint, request: RegistryRequest): Promise<HttpResponse> {
    if (isElsewhere(endpoint, request.path)) return this.#sendAs(endpoint, request, undefined);
    return (await this.prove(endpoint, request)).response;
  }

  /** The same, and whether the server asked who comes and was told. */
  async prove(
    endpoint: Endpoint,
    request: RegistryRequest,
  ): Promise<{ readonly response: HttpResponse; readonly proved: boolean }> {
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
      url: typeof path === "string" ? new URL(`${endpoint.origin}/v2/${endpoint.repository}/${path}`) : path,
      headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
      ...(request.body === undefined ? {} : { body: request.body }),
      ...(endpoint.isMirror ? { attempts: MIRROR_ATTEMPTS } : {}),
      ...(request.attempts === undefined ? {} : { attempts: request.attempts }),
      signal: request.signal,
    });
  }
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
