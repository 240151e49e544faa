import type { Emit } from "../core/events.ts";
import type { Screen } from "../progress/types.ts";
import type { Tsbuild } from "../api/types.ts";

/** Makes the one object that does the work; the command line loads it only when a command needs it. */
export type OpenTsbuild = (options: {
  readonly env: NodeJS.ProcessEnv;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}) => Promise<Tsbuild>;

/** Standard output. */
export interface Output extends Screen {
  write(data: string | Uint8Array): void;
}

/** Standard input. */
export interface Input {
  readonly isTTY: boolean;
  /** Every key goes to the program as it is, Ctrl-C too. */
  setRawMode(raw: boolean): void;
  /** The bytes as they come. Not started before it is read; ended by `close`. */
  read(): AsyncIterable<Uint8Array>;
  close(): void;
}

/** What a command line has of the process: tests give it fakes. */
export interface Io {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Calls back instead of the signal's default action; the result ends that. */
  onSignal(signal: NodeJS.Signals, listener: () => void): () => void;
  /** Ends the process at once. */
  exit(status: number): void;
}

/** One run of the command line. */
export interface Session {
  readonly io: Io;
  readonly open: OpenTsbuild;
  /** Aborted by the first signal that asks to stop. */
  readonly signal: AbortSignal;
  /** Puts the terminal back as it was: called at the end, also when the process is ended at once. */
  readonly restore: Set<() => void>;
  /** A command that passes signals on to a container takes them over; the result gives them back. */
  takeSignals(): () => void;
  /** --debug: errors come with their stack traces. */
  debug: boolean;
  /** --progress=rawjson: errors are lines of JSON too. */
  rawJson: boolean;
}

/** One flag, as the parser, the help and the completion know it. */
export interface Flag {
  readonly short?: string;
  /** What stands for its value in the help; a flag without one is a switch. */
  readonly value?: string;
  /** Makes the value optional: what the flag means without one. */
  readonly bare?: string;
  /** May be given several times. */
  readonly repeat?: boolean;
  /** One sentence without a full stop. */
  readonly doc: string;
  readonly group?: string;
  /** For the help: what holds when it is not given. */
  readonly default?: string;
  /** The values that there are, for completion. */
  readonly choices?: readonly string[];
}

/** Flags by their long names. */
export type FlagTable = Readonly<Record<string, Flag>>;

/** What was given: a list for a flag that repeats, a text for one with a value, else true or false. */
export type FlagValues<T extends FlagTable> = {
  readonly [K in keyof T]: T[K] extends { repeat: true }
    ? readonly string[]
    : T[K] extends { value: string }
      ? string | undefined
      : boolean;
};

/** A command as it is declared. */
export interface CommandSpec<T extends FlagTable> {
  readonly name: string;
  /** What follows `tsbuild` in the usage line; a line for each form that there is. */
  readonly usage: string;
  /** One sentence without a full stop. */
  readonly summary: string;
  readonly flags: T;
  /** A command whose flags are among these: the help names it instead of listing them. */
  readonly borrows?: { readonly name: string; readonly flags: FlagTable };
  /** Flags that docker's command has and this one does not yet: `name` or `name|n`, with what to do instead. */
  readonly missing?: Readonly<Record<string, string | undefined>>;
  /** How many arguments it takes, what one is called, and which words the first may be where they are known. */
  readonly operands: {
    readonly min: number;
    readonly max: number;
    readonly name: string;
    readonly first?: readonly string[];
  };
  /** Flags end at the first argument: what follows belongs to another program. */
  readonly flagsFirst?: boolean;
  /** Command lines and what they do. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  execute(flags: FlagValues<T>, operands: readonly string[], session: Session): Promise<number>;
}

/** A command, ready to be called: what its flags are is its own affair. */
export interface Command extends Omit<CommandSpec<FlagTable>, "execute"> {
  /** Resolves with the exit status. */
  call(argv: readonly string[], session: Session): Promise<number>;
}
