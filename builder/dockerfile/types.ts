import type { Diagnostic, Range, SourceText } from "../core/diagnostic.ts";

/**
 * The instructions of a Dockerfile as they are written: nothing expanded, nothing resolved. Plain JSON.
 * A `Word` keeps its quotes and `$`: `expand.ts` turns it into its value once the variables are known.
 */
export interface Dockerfile {
  readonly source: SourceText;
  readonly directives: Directives;
  readonly instructions: readonly Instruction[];
  /** Errors and warnings, in the order of the file. With an error among them nothing may be built. */
  readonly diagnostics: readonly Diagnostic[];
}

/** `# syntax=`, `# escape=`, `# check=` (BuildKit parser/directives.go). */
export interface Directives {
  readonly syntax?: string;
  readonly escape: "\\" | "`";
  readonly check?: string;
}

/**
 * One shell word as it is written, quotes and escapes kept. Two kinds have lost one layer of quotes, as in BuildKit: the
 * value of a flag, and an element of a JSON array. Their `range` is the written text; both still go through `expand.ts`.
 */
export interface Word {
  readonly raw: string;
  readonly range: Range;
}

export interface KeyValue {
  readonly key: Word;
  /** Undefined for `ARG NAME`. */
  readonly value?: Word;
}

/** `--name=value`; a flag given without a value has `value: undefined` ("true" for boolean flags). */
export interface Flag {
  readonly name: string;
  readonly value?: Word;
  readonly range: Range;
}

export interface Heredoc {
  /** The delimiter, unquoted: also the file's name for COPY and ADD. */
  readonly name: string;
  /** The body, tabs already stripped for `<<-`; ends in a newline unless it is empty. */
  readonly body: string;
  /** False where any part of the delimiter was quoted. */
  readonly expand: boolean;
  /** `<<-`. */
  readonly chomp: boolean;
  /** File descriptor before `<<`; 0 where none is written. */
  readonly fd: number;
  readonly range: Range;
}

interface Base {
  /** From the first character of the instruction to the end of its last line, heredoc bodies included. */
  readonly range: Range;
  /** The logical line, continuations joined, as BuildKit's parser gives `Original`: for history and progress. */
  readonly original: string;
  /** Comment lines right above, without `#`: per-instruction lint skips and descriptions. */
  readonly comments: readonly string[];
}

/** The exec form (JSON) or the shell form of RUN, CMD, ENTRYPOINT, SHELL, HEALTHCHECK CMD. */
export type Command =
  | { readonly form: "exec"; readonly argv: readonly string[] }
  /** `text` is the logical line after flags, continuation joined; for RUN with heredocs it still contains `<<EOF`. */
  | { readonly form: "shell"; readonly text: string };

export interface FromInstruction extends Base {
  readonly kind: "from";
  readonly image: Word;
  /** `--platform=`. */
  readonly platform?: Word;
  /** Stage name, lower-case. */
  readonly as?: string;
}
export interface ArgInstruction extends Base {
  readonly kind: "arg";
  readonly args: readonly KeyValue[];
}
export interface EnvInstruction extends Base {
  readonly kind: "env";
  readonly pairs: readonly Required<KeyValue>[];
}
export interface LabelInstruction extends Base {
  readonly kind: "label";
  readonly pairs: readonly Required<KeyValue>[];
}
export interface RunInstruction extends Base {
  readonly kind: "run";
  readonly command: Command;
  readonly heredocs: readonly Heredoc[];
  /** `--mount`, `--network`, `--security`, in order. */
  readonly flags: readonly Flag[];
}
export interface CopyInstruction extends Base {
  readonly kind: "copy" | "add";
  readonly sources: readonly Word[];
  /** Heredoc sources, in order. */
  readonly heredocs: readonly Heredoc[];
  readonly dest: Word;
  readonly from?: Word;
  readonly chown?: Word;
  readonly chmod?: Word;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly Word[];
  /** ADD only. `unpack` undefined means: unpack local archives, not downloaded ones. */
  readonly checksum?: Word;
  readonly keepGitDir?: boolean;
  readonly unpack?: boolean;
}
export interface WorkdirInstruction extends Base {
  readonly kind: "workdir";
  readonly path: Word;
}
export interface UserInstruction extends Base {
  readonly kind: "user";
  readonly user: Word;
}
export interface CommandInstruction extends Base {
  readonly kind: "cmd" | "entrypoint";
  readonly command: Command;
}
export interface ShellInstruction extends Base {
  readonly kind: "shell";
  readonly argv: readonly string[];
}
export interface ExposeInstruction extends Base {
  readonly kind: "expose";
  readonly ports: readonly Word[];
}
export interface VolumeInstruction extends Base {
  readonly kind: "volume";
  readonly paths: readonly Word[];
}
export interface StopSignalInstruction extends Base {
  readonly kind: "stopsignal";
  readonly signal: Word;
}
export interface HealthcheckInstruction extends Base {
  readonly kind: "healthcheck";
  readonly check:
    | { readonly type: "none" }
    | {
        readonly type: "cmd";
        readonly command: Command;
        /** Nanoseconds, as the image config has them; undefined where not given. */
        readonly interval?: number;
        readonly timeout?: number;
        readonly startPeriod?: number;
        readonly startInterval?: number;
        readonly retries?: number;
      };
}
export interface OnbuildInstruction extends Base {
  readonly kind: "onbuild";
  /** The trigger as text, as the image config keeps it. */
  readonly trigger: string;
}
export interface MaintainerInstruction extends Base {
  readonly kind: "maintainer";
  readonly name: string;
}

export type Instruction =
  | FromInstruction
  | ArgInstruction
  | EnvInstruction
  | LabelInstruction
  | RunInstruction
  | CopyInstruction
  | WorkdirInstruction
  | UserInstruction
  | CommandInstruction
  | ShellInstruction
  | ExposeInstruction
  | VolumeInstruction
  | StopSignalInstruction
  | HealthcheckInstruction
  | OnbuildInstruction
  | MaintainerInstruction;
