import { plainRange } from "../core/diagnostic.ts";
import { resolveAgainst } from "../core/paths.ts";
import { redact } from "../core/redact.ts";
import type { CopyInstruction } from "../dockerfile/types.ts";
import type { Handler, Work } from "./context.ts";
import { warnOfIgnored } from "./ignored.ts";
import { remotesOf } from "./remote.ts";
import { sourceOf } from "./sources.ts";
import type { CopyFrom, Source } from "./types.ts";
import type { Scope } from "./variables.ts";

/** COPY and ADD (BuildKit convert_copy.go). */
export const applyCopy: Handler<"copy" | "add"> = (instruction, work) => {
  const { state, expander, problems } = work;
  const scope = state.scope;
  const chown = instruction.chown === undefined ? "" : expander.word(instruction.chown, scope);
  const chmod = chmodOf(instruction, work, scope);
  const paths = instruction.sources.map((word) => expander.word(word, scope));
  const sources = sourcesOf(instruction, paths, work, scope);
  const dest = expander.word(instruction.dest, scope);
  const exclude = instruction.exclude.map((word) => expander.word(word, scope));
  state.step(() => {
    const flags = [
      ...(instruction.parents ? ["--parents"] : []),
      ...(chown === "" ? [] : [`--chown=${chown}`]),
      ...(chmod === "" ? [] : [`--chmod=${chmod}`]),
    ];
    const written = [...paths.map(redact), ...instruction.heredocs.map(({ name }) => `<<${name}`)];
    return {
      createdBy: [instruction.kind.toUpperCase(), ...flags, ...written, dest, "# buildkit"].join(" "),
      step: {
        name: work.stepName(redact(expander.line(instruction.original, scope))),
        at: { source: problems.source, range: plainRange(instruction.range) },
        action: {
          type: "copy",
          sources,
          dest: destination(state.workdir, dest),
          ...(chown === "" ? {} : { chown }),
          ...(chmod === "" ? {} : { chmod }),
          link: instruction.link,
          parents: instruction.parents,
          exclude,
          unpack: instruction.kind === "add" && (instruction.unpack ?? true),
        },
      },
    };
  });
};

function sourcesOf(
  instruction: CopyInstruction,
  paths: readonly string[],
  work: Work,
  scope: Scope,
): readonly CopyFrom[] {
  const { expander } = work;
  const source: Source = (instruction.from && sourceOf(instruction.from.raw, work)) ?? {
    type: "context",
    name: "",
  };
  const keepOwner = instruction.from !== undefined && source.type !== "context";
  const remotes = remotesOf(instruction, paths, work, scope);
  if (source.type === "context" && source.name === "") warnOfIgnored(instruction, paths, work);
  const inputs = paths.map(
    (path, index): CopyFrom => remotes[index] ?? { from: "input", source, path, keepOwner },
  );
  const inlines = instruction.heredocs.map((heredoc): CopyFrom => {
    const { name, body, range } = heredoc;
    return { from: "inline", name, data: heredoc.expand ? expander.heredoc(body, range, scope) : body };
  });
  return [...inputs, ...inlines];
}

/** Absolute and clean; a trailing `/` or `/.` means "into this directory" and stays as `/` (rule 29). */
function destination(workdir: string, dest: string): string {
  const path = resolveAgainst(workdir, dest);
  const directory = dest === "" || dest === "." || dest.endsWith("/") || dest.endsWith("/.");
  return directory && path !== "/" ? `${path}/` : path;
}

// One clause of chmod(1)'s symbolic modes.
const SYMBOLIC = /^[ugoa]*(?:[-+=](?:[ugo]|[rwxXst]*))+$/;

function chmodOf({ chmod }: CopyInstruction, { expander, problems }: Work, scope: Scope): string {
  if (chmod === undefined) return "";
  const value = expander.word(chmod, scope);
  const octal = /^[0-7]+$/.test(value) && Number.parseInt(value, 8) <= 0o7777;
  if (value !== "" && !octal && !value.split(",").every((clause) => SYMBOLIC.test(clause))) {
    problems.error("InvalidChmod", `Cannot use --chmod=${value}: it is not a mode`, chmod.range, {
      fix: "write an octal number up to 7777, or symbols like u=rwX,go=rX",
    });
  }
  return value;
}
