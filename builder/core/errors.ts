import type { Diagnostic } from "./diagnostic.ts";
import { redact } from "./redact.ts";

/**
 * Every way in which tsbuild says no. The list is closed: docs/errors.md explains each one, and scripts may rely on them.
 */
export const ERROR_CODES = {
  // The command line and the configuration
  USAGE: 2,
  CONFIG_INVALID: 2,
  // The Dockerfile and the context
  DOCKERFILE_INVALID: 1,
  DOCKERFILE_NOT_FOUND: 1,
  UNSUPPORTED: 1,
  CONTEXT_NOT_FOUND: 1,
  CONTEXT_CHANGED: 1,
  COPY_SOURCE_NOT_FOUND: 1,
  COPY_CONFLICT: 1,
  USER_NOT_FOUND: 1,
  TOO_LARGE: 1,
  SECRET_FOUND: 1,
  LOCK_OUTDATED: 1,
  // Images, layers and archives
  DIGEST_INVALID: 1,
  DIGEST_MISMATCH: 1,
  IMAGE_INVALID: 1,
  IMAGE_NOT_FOUND: 1,
  REFERENCE_INVALID: 1,
  PLATFORM_INVALID: 1,
  PLATFORM_NOT_FOUND: 1,
  ARCHIVE_INVALID: 1,
  // The store
  STORE_INVALID: 1,
  STORE_UNWRITABLE: 1,
  DISK_FULL: 1,
  // Steps and containers
  RUN_FAILED: 1,
  SANDBOX: 1,
  CONTAINER_NOT_FOUND: 1,
  CONTAINER_CONFLICT: 1,
  CONTAINER_STATE: 1,
  EMULATOR_MISSING: 1,
  HELPER_MISSING: 1,
  HELPER_FAILED: 1,
  // Registries and the network: a pipeline that tries again wants to know whether there is a point in it
  REGISTRY_AUTH: 4,
  REGISTRY_NOT_FOUND: 5,
  REGISTRY_RATE_LIMIT: 6,
  REGISTRY_RESPONSE: 3,
  NETWORK: 3,
  OFFLINE: 3,
  // Anything else
  INTERRUPTED: 130,
  INTERNAL: 1,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorDetails {
  /** What to do about it: one sentence, printed under the message. */
  readonly hint?: string | undefined;
  /** The error that this one explains. */
  readonly cause?: unknown;
  /** Where in the Dockerfile, with what is wrong there: printed as a code frame. */
  readonly diagnostics?: readonly Diagnostic[] | undefined;
  /** The last lines of output of a step that failed. */
  readonly output?: readonly string[] | undefined;
  /** Exit code of the command that failed (RUN). */
  readonly exitCode?: number | undefined;
}

/**
 * An expected failure. The message reads "Cannot <verb> <object>: <state>": a sentence without a full stop. Secrets and
 * credentials in URLs are redacted here, once, so that no printer can forget to.
 */
export class TsbuildError extends Error {
  override readonly name = "TsbuildError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly output: readonly string[];
  readonly exitCode: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(redact(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint === undefined ? undefined : redact(details.hint);
    this.diagnostics = details.diagnostics ?? [];
    this.output = (details.output ?? []).map(redact);
    this.exitCode = details.exitCode;
  }
}

/** Exit status of the process for an error: 1 the build failed, 2 usage, 3 registry or network, 130 interrupted. */
export function exitStatusOf(error: unknown): number {
  return error instanceof TsbuildError ? ERROR_CODES[error.code] : 1;
}

/** Fails to compile where a union gained a member that a `switch` does not know. */
export function unreachable(value: never): never {
  throw new TsbuildError(
    "INTERNAL",
    `Cannot handle ${JSON.stringify(value)}: this value was thought impossible`,
  );
}

/** The system's error code (`ENOENT`) of a failed call, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** What an error says; of a system call that failed only why, as who calls this says what could not be done. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return /^E[A-Z0-9]+: (.+?), \w+(?: '.*)?$/s.exec(error.message)?.[1] ?? error.message;
}
