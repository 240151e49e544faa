import { isDigest, type Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { redact } from "../core/redact.ts";
import type { CopyInstruction, Word } from "../dockerfile/types.ts";
import { isCommitPrefix, parseGitUrl, type GitUrl } from "../net/git-url.ts";
import type { Work } from "./context.ts";
import type { CopyFrom } from "./types.ts";
import type { Scope } from "./variables.ts";

type HttpSource = Extract<CopyFrom, { from: "http" }>;
type GitSource = Extract<CopyFrom, { from: "git" }>;

/** What of an instruction's sources, by index, is to be fetched (BuildKit convert_copy.go dispatchCopy). */
export function remotesOf(
  instruction: CopyInstruction,
  paths: readonly string[],
  work: Work,
  scope: Scope,
): readonly (HttpSource | GitSource | undefined)[] {
  const { checksum, keepGitDir } = instruction;
  if (checksum === undefined && keepGitDir === undefined && !paths.some(mayBeRemote)) return [];
  const reader = new RemoteReader(instruction, work, scope);
  const remotes = paths.map((path, index) => reader.read(path, instruction.sources[index]));
  reader.checkFlags(remotes);
  return remotes;
}

/** `https://…` and `git@host:…` alike. */
function mayBeRemote(path: string): boolean {
  return path.includes(":");
}

class RemoteReader {
  readonly #instruction: CopyInstruction;
  readonly #problems: Work["problems"];
  /** --checksum, expanded. */
  readonly #checksum: string;
  #failed = false;

  constructor(instruction: CopyInstruction, { expander, problems }: Work, scope: Scope) {
    this.#instruction = instruction;
    this.#problems = problems;
    this.#checksum = instruction.checksum === undefined ? "" : expander.word(instruction.checksum, scope);
  }

  read(path: string, word: Word | undefined): HttpSource | GitSource | undefined {
    if (!mayBeRemote(path)) return undefined;
    const range = word?.range ?? this.#instruction.range;
    try {
      const git = parseGitUrl(path);
      const isHttp = git === undefined && /^https?:\/\//.test(path);
      if (git === undefined && !isHttp) return undefined;
      if (this.#instruction.kind === "copy") {
        const message = `Cannot copy "${redact(path)}": COPY takes no URLs`;
        this.#problems.error("CopyUrl", message, range, { fix: "use ADD" });
        return undefined;
      }
      return git === undefined ? this.#http(path) : this.#git(git, path);
    } catch (error) {
      if (!(error instanceof TsbuildError)) throw error;
      this.#failed = true;
      this.#problems.error("InvalidUrl", error.message, range, { fix: error.hint });
      return undefined;
    }
  }

  /** Flags that say something of a download, where there is none or more than one. */
  checkFlags(remotes: readonly (HttpSource | GitSource | undefined)[]): void {
    const { checksum, keepGitDir, heredocs, range } = this.#instruction;
    if (this.#failed) return;
    const fetched = remotes.filter((remote) => remote !== undefined);
    if (checksum !== undefined && this.#checksum !== "") {
      if (fetched.length === 0) {
        this.#problems.error(
          "ChecksumWithoutUrl",
          "Cannot use --checksum: no source is a URL",
          checksum.range,
          {
            reason: "local files are known by their content already",
            fix: "leave --checksum out",
          },
        );
      } else if (remotes.length + heredocs.length > 1) {
        this.#problems.error(
          "ChecksumOfSeveral",
          "Cannot use --checksum: there are several sources",
          checksum.range,
          {
            fix: "write one ADD for each source",
          },
        );
      }
    }
    if (keepGitDir !== undefined && !fetched.some(({ from }) => from === "git")) {
      this.#problems.warning(
        "KeepGitDirWithoutGit",
        "--keep-git-dir has no effect: no source is a git repository",
        range,
      );
    }
  }

  #http(text: string): HttpSource {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || url.hostname === "")
      throw new TsbuildError("REFERENCE_INVALID", `Cannot add "${text}": it is not a URL`, {
        hint: "write https://HOST/PATH",
      });
    return {
      from: "http",
      url: text,
      filename: fileName(url),
      ...(this.#checksum === "" ? {} : { checksum: this.#digest() }),
      // Downloads are unpacked only where the flag asks for it.
      unpack: this.#instruction.unpack === true,
    };
  }

  #digest(): Digest {
    const text = this.#checksum.toLowerCase();
    if (isDigest(text)) return text;
    throw new TsbuildError("DIGEST_INVALID", `Cannot use --checksum=${this.#checksum}: it is not a digest`, {
      hint: "write sha256: and 64 hexadecimal digits",
    });
  }

  #git({ remote, ref, subdir, ...url }: GitUrl, text: string): GitSource {
    const checksum = this.#checksum;
    const { keepGitDir } = this.#instruction;
    const twice = (what: string): TsbuildError =>
      new TsbuildError(
        "REFERENCE_INVALID",
        `Cannot add "${text}": --${what} and the URL contradict each other`,
        {
          hint: `leave --${what} out`,
        },
      );
    if (checksum !== "" && !isCommitPrefix(checksum))
      throw new TsbuildError("REFERENCE_INVALID", `Cannot use --checksum=${checksum}: it is not a commit`, {
        hint: "for a git repository write 7 or more digits of the commit",
      });
    if (checksum !== "" && url.checksum !== undefined && url.checksum !== checksum) throw twice("checksum");
    if (keepGitDir !== undefined && url.keepGitDir !== undefined && url.keepGitDir !== keepGitDir)
      throw twice("keep-git-dir");
    const expected = url.checksum ?? checksum;
    return {
      from: "git",
      remote,
      ...(ref === undefined ? {} : { ref }),
      ...(subdir === undefined ? {} : { subdir }),
      ...(expected === "" ? {} : { checksum: expected }),
      keepGitDir: url.keepGitDir ?? keepGitDir ?? false,
      submodules: url.submodules ?? true,
    };
  }
}

/** The last part of the path (BuildKit takes no name from the server); `__unnamed__` where that could be no file's name. */
function fileName({ pathname }: URL): string {
  const last = decoded(pathname.replace(/\/+$/, "")).split("/").at(-1) ?? "";
  return last === "" || last === "." || last === ".." || last.includes("\0") ? "__unnamed__" : last;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
