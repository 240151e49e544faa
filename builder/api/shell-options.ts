import type { Emit } from "../core/events.ts";
import type { ContainerIo } from "./run-options.ts";
import type { SecretSource } from "./secret-source.ts";

/** What `tsbuild shell` is asked for: a command in the root filesystem of a step. */
export interface ShellOptions {
  /** A step of the last build, as `logs` names it; the one that failed last where not given. --step */
  readonly step?: string;
  /** Empty: a shell. */
  readonly command: readonly string[];
  /** Secrets and agents of the build, again. --secret, --ssh */
  readonly secrets: readonly SecretSource[];
  readonly ssh: Readonly<Record<string, string>>;
  readonly interactive: boolean;
  readonly tty: boolean;
  readonly io: ContainerIo;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}
