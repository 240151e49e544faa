import { setTimeout as wait } from "node:timers/promises";
import type { Backoff } from "./types.ts";

export const DEFAULT_BACKOFF: Backoff = {
  attempts: 5,
  firstMs: 250,
  maxMs: 8_000,
  maxRetryAfterMs: 60_000,
};

/** Statuses after which the same request may well succeed a little later. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || status === 500 || (status >= 502 && status <= 504);
}

/**
 * How long to wait after the n-th attempt: doubling, with jitter over the upper half, so that the parallel requests of
 * one build do not come back as one. Undefined where the server asks for more patience than we have.
 */
export function delayAfter(attempt: number, backoff: Backoff, retryAfter?: string): number | undefined {
  const asked = retryAfterMs(retryAfter);
  if (asked !== undefined && asked > backoff.maxRetryAfterMs) return undefined;
  const ceiling = Math.min(backoff.maxMs, backoff.firstMs * 2 ** (attempt - 1));
  return Math.max(asked ?? 0, ceiling * (0.5 + Math.random() / 2));
}

/** RFC 9110, 10.2.3: seconds or a date. */
export function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** Waits, or throws the signal's reason. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
