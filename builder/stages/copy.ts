import { resolveAgainst } from "../core/paths.ts";
import type { CopyInstruction } from "../dockerfile/types.ts";
import type { Handler, Work } from "./context.ts";
import { sourceOf } from "./sources.ts";
import type { CopyFrom, Source } from "./types.ts";
import type { Scope } from "./variables.ts";

/** COPY and ADD (BuildKit convert_copy.go). */
export const applyCopy: Handler<"copy" | "add"> = (instruction, work) => {
  const { state, expander, problems } = work;
  const scope = state.scope;
  const chown = instruction.chown === undefined ? "" : expander.word(instruction.chown, scope);
  const chmod = chmodOf(instruction, work, scope);
  const sources = sourcesOf(instruction, work, scope);
  const dest = expander.word(instruction.dest, scope);
  const flags = [
    ...(instruction.parents ? ["--parents"] : []),
    ...(chown === "" ? [] : [`--chown=${chown}`]),
    ...(chmod === "" ? [] : [`--chmod=${chmod}`]),
  ];
  const names = sources.map((source) => (source.from === "input" ? source.path : `<<${source.name}`));
  const createdBy = [instruction.kind.toUpperCase(), ...flags, ...names, dest, "# buildkit"].join(" ");
  state.step(createdBy, {
    name: work.stepName(expander.line(instruction.original, scope)),
    at: { source: problems.source, range: instruction.range },
    action: {
      type: "copy",
      sources,
      dest: destination(state.workdir, dest),
      ...(chown === "" ? {} : { chown }),
      ...(chmod === "" ? {} : { chmod }),
      link: instruction.link,
      parents: instruction.parents,
      exclude: instruction.exclude.map((word) => expander.word(word, scope)),
      unpack: instruction.kind === "add" && (instruction.unpack ?? true),
    },
  });
};

function sourcesOf(instruction: CopyInstruction, work: Work, scope: Scope): readonly CopyFrom[] {
  const { expander } = work;
  const source: Source = (instruction.from && sourceOf(instruction.from.raw, work)) ?? {
    type: "context",
    name: "",
  };
  const keepOwner = instruction.from !== undefined && source.type !== "context";
  const inputs = instruction.sources.map((word): CopyFrom => {
    const path = expander.word(word, scope);
    if (isRemote(path)) reportRemote(instruction, path, word.range, work);
    return { from: "input", source, path, keepOwner };
  });
  const local = inputs.every((input) => input.from === "inline" || !isRemote(input.path));
  if (local) checkRemoteFlags(instruction, work);
  const inlines = instruction.heredocs.map((heredoc): CopyFrom => {
    const { name, body, range } = heredoc;
    return { from: "inline", name, data: heredoc.expand ? expander.heredoc(body, range, scope) : body };
  });
  return [...inputs, ...inlines];
}

/** Flags that say something of a download, where there is none. */
function checkRemoteFlags({ checksum, keepGitDir, range }: CopyInstruction, { problems }: Work): void {
  if (checksum !== undefined) {
    problems.error("ChecksumWithoutUrl", "Cannot use --checksum: no source is a URL", checksum.range, {
      reason: "local files are known by their content already",
      fix: "leave --checksum out",
    });
  }
  if (keepGitDir !== undefined) {
    problems.warning(
      "KeepGitDirWithoutGit",
      "--keep-git-dir has no effect: no source is a git repository",
      range,
    );
  }
}

/** A URL, or git's own `user@host:path`. */
function isRemote(path: string): boolean {
  return /^(https?|git|ssh):\/\//.test(path) || /^[\w-]+@[\w.-]+:/.test(path);
}

function reportRemote(
  { kind }: CopyInstruction,
  path: string,
  range: CopyInstruction["range"],
  { problems }: Work,
): void {
  if (kind === "copy") {
    problems.error("CopyUrl", `Cannot copy "${path}": COPY takes no URLs`, range, { fix: "use ADD" });
    return;
  }
  problems.unsupported("AddUrl", `Cannot add "${path}": downloads in ADD are not supported yet`, range, {
    fix: "download it with RUN, or put the file into the build context",
  });
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
