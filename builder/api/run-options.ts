import type { Emit } from "../core/events.ts";
import type { Platform } from "../core/platform.ts";
import type { ContainerSandbox } from "./container-sandbox.ts";

/** What `tsbuild run` is asked for. */
export interface RunOptions {
  readonly image: string;
  /** Replaces the image's Cmd; empty: the image's. */
  readonly command: readonly string[];
  /** Replaces the image's Entrypoint; [] clears it. --entrypoint */
  readonly entrypoint?: readonly string[];
  /** KEY=VALUE. --env */
  readonly env: readonly string[];
  /** HOST:CONTAINER[:ro]. --volume */
  readonly volumes: readonly string[];
  /** --workdir */
  readonly workdir?: string;
  /** --user */
  readonly user?: string;
  /** --hostname */
  readonly hostname?: string;
  /** Standard input is passed on. --interactive */
  readonly interactive: boolean;
  /** A terminal of its own. --tty */
  readonly tty: boolean;
  /** A first process of tsbuild's own. --init */
  readonly init: boolean;
  /** --read-only */
  readonly readonly: boolean;
  /** Names of capabilities. --cap-add */
  readonly capAdd: readonly string[];
  /** --cap-drop */
  readonly capDrop: readonly string[];
  /** --name; one of tsbuild's own making where not given. */
  readonly name?: string;
  /** --label */
  readonly labels: Readonly<Record<string, string>>;
  /** Returns when it runs; it goes on by itself. --detach */
  readonly detach: boolean;
  /** --stop-signal */
  readonly stopSignal?: string;
  /** Seconds. --stop-timeout */
  readonly stopTimeout?: number;
  /** Not given: it is never run again. --restart */
  readonly restart?: RestartPolicy;
  /** Told the id before it runs. */
  readonly onCreated?: (id: string) => void;
  readonly sandbox: ContainerSandbox;
  /** Removes the container's files when it ends. --rm */
  readonly remove: boolean;
  /** --pull */
  readonly pull: "always" | "missing" | "newer" | "never";
  readonly platform?: Platform;
  readonly io: ContainerIo;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/**
 * When a container that ended is run again, by its own supervisor: "always" and "unless-stopped" are the same, as nothing
 * starts containers when the machine does.
 */
export interface RestartPolicy {
  readonly name: "on-failure" | "always" | "unless-stopped";
  /** For "on-failure": how often at most; 0: any number. */
  readonly most: number;
}

/** What can be done to a container that runs by who runs it. */
export interface ContainerControl {
  signal(number: number): void;
  resize(columns: number, rows: number): void;
  /** Lets it go on by itself. */
  leave(): void;
}

/** What the command line lends to a container. */
export interface ContainerIo {
  stdout(data: Buffer): void;
  stderr(data: Buffer): void;
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Size at the start; for a terminal. */
  readonly columns?: number;
  readonly rows?: number;
  /** Called once it runs: signals and sizes are passed on through what it gets. */
  onStart(control: ContainerControl): void;
}
