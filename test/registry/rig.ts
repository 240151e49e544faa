import { createRegistryClient } from "../../builder/registry/client.ts";
import type { Backoff, Environment, Timeouts } from "../../builder/net/types.ts";
import type {
  Credential,
  Location,
  RegistryClient,
  RegistrySettings,
  Repository,
} from "../../builder/registry/types.ts";

export interface ClientSetting {
  /** By host. */
  readonly credentials?: Readonly<Record<string, Credential>>;
  readonly registries?: Readonly<Record<string, Partial<RegistrySettings>>>;
  readonly locations?: readonly Location[];
  readonly timeouts?: Partial<Timeouts>;
  readonly backoff?: Partial<Backoff>;
  readonly env?: Environment;
}

export const SIGNAL: AbortSignal = new AbortController().signal;

/** A client that hardly waits between tries, and is closed with the test. */
export function testClient(setting: ClientSetting = {}): RegistryClient & AsyncDisposable {
  const registries = Object.entries(setting.registries ?? {}).map(
    ([name, settings]) => [name, { mirrors: [], ca: [], ...settings }] as const,
  );
  const client = createRegistryClient({
    config: { registries: new Map(registries), ...(setting.locations && { locations: setting.locations }) },
    credentials: { find: async (registry) => setting.credentials?.[registry] },
    env: setting.env ?? {},
    timeouts: { ...setting.timeouts },
    backoff: { firstMs: 1, maxMs: 5, ...setting.backoff },
  });
  return { ...client, [Symbol.asyncDispose]: () => client.close() };
}

export function repositoryAt(registry: string, name = "team/app"): Repository {
  return { registry, name };
}

export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const piece of pieces) chunks.push(piece);
  return Buffer.concat(chunks);
}

/** Whether an error is ours, with this code, and reads so. */
export function says(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof Error && "code" in error && error.code === code && message.test(error.message);
}
