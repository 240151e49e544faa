import { spawn } from "node:child_process";
import { TsbuildError, errnoOf } from "../../core/errors.ts";
import { redact } from "../../core/redact.ts";
import { gitScheme } from "../../net/git-url.ts";
import { basic, type GitAuthorization } from "../../net/source-auth.ts";
import { userOf } from "../../net/url-user.ts";

/** What git is started with: the caller's environment, and when to stop. */
export interface GitHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** From secrets of the build, for the repository that is fetched. */
  readonly authorization?: GitAuthorization | undefined;
}

export interface GitCall {
  /** The repository that it works in. */
  readonly repository?: string;
  /** What it talks to: no other way of reaching anything is open to it. */
  readonly remote?: string;
  readonly input?: string;
  /** Gets the output instead of the caller. */
  readonly onOutput?: (chunk: Buffer) => void;
}

/** git said no. */
export class GitFailure extends Error {
  /** The last lines of what it wrote to standard error. */
  readonly stderr: string;

  constructor(stderr: string) {
    super("git failed");
    this.stderr = stderr;
  }
}

/** What only a remote of hostile size would exceed: refs, names of files. */
const MAX_OUTPUT = 512 << 20;
const MAX_STDERR = 16 << 10;

/** Settings that no repository and no configuration of the host may change: they are given on the command line. */
const SETTINGS: readonly string[] = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.attributesFile=/dev/null",
  "credential.helper=",
  "fetch.recurseSubmodules=false",
  "gc.auto=0",
  "maintenance.auto=false",
  // A connection that carries next to nothing for a minute is broken.
  "http.lowSpeedLimit=100",
  "http.lowSpeedTime=60",
  "protocol.allow=never",
];

/** Of the caller's environment git sees these alone: PATH, what leads to the network, and ssh's agent. */
const PASSED: readonly string[] = [
  "PATH",
  "SSH_AUTH_SOCK",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
];

/** Runs the host's git, without its configuration, hooks, filters and prompts; resolves with what it wrote. */
export async function runGit(args: readonly string[], call: GitCall, host: GitHost): Promise<Buffer> {
  const { repository, remote, input, onOutput } = call;
  const authorized = authorizationOf(remote, host.authorization);
  const settings = [
    ...SETTINGS,
    // git asks the host that a redirect leads to with the same headers as the first one, credentials included.
    `http.followRedirects=${authorized === undefined ? "initial" : "false"}`,
    ...(remote === undefined ? [] : [`protocol.${gitScheme(remote)}.allow=always`]),
  ];
  const child = spawn(
    "git",
    [
      ...settings.flatMap((setting) => ["-c", setting]),
      ...(repository === undefined ? [] : [`--git-dir=${repository}`]),
      ...args,
    ],
    // A group of its own: its helpers end with it.
    { env: { ...environment(host), ...authorized }, stdio: "pipe", cwd: "/", detached: true },
  );
  const stop = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  host.signal.addEventListener("abort", stop);
  if (host.signal.aborted) stop();
  const chunks: Buffer[] = [];
  let size = 0;
  let stderr = "";
  let failure: unknown;
  child.stdout.on("data", (chunk: Buffer) => {
    if (failure !== undefined) return;
    try {
      size += chunk.length;
      if (onOutput !== undefined) onOutput(chunk);
      else if (size > MAX_OUTPUT)
        throw new TsbuildError("NETWORK", "Cannot read what git wrote: it does not end");
      else chunks.push(chunk);
    } catch (error) {
      failure = error;
      stop();
    }
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-MAX_STDERR);
  });
  // It may end before it has read all: then its status tells why.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input ?? "");
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    host.signal.throwIfAborted();
    if (failure !== undefined) throw failure;
    if (status !== 0) throw new GitFailure(redact(stderr));
    return Buffer.concat(chunks);
  } catch (error) {
    throw errnoOf(error) === "ENOENT" ? notInstalled(error) : error;
  } finally {
    host.signal.removeEventListener("abort", stop);
  }
}

function environment({ env }: GitHost): Record<string, string> {
  const passed = PASSED.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(passed),
    LC_ALL: "C",
    // Gits before 2.32 do not know GIT_CONFIG_GLOBAL. ssh finds its keys by the user's id, not by HOME.
    HOME: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_LAZY_FETCH: "1",
    // The user's own keys and known hosts; never a question.
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes",
  };
}

/**
 * Credentials go through the environment: arguments are seen by everybody on the machine. Those that a URL has itself
 * count more than those of secrets.
 */
function authorizationOf(
  remote: string | undefined,
  secret: GitAuthorization | undefined,
): Readonly<Record<string, string>> | undefined {
  const url = remote !== undefined && /^https?:/i.test(remote) ? new URL(remote) : undefined;
  if (url === undefined) return undefined;
  const { user, password } = userOf(url, "REFERENCE_INVALID", `the repository of ${url.host}`);
  const own = user === "" && password === "" ? undefined : basic(user, password);
  const { scope, header } = own === undefined ? (secret ?? {}) : { scope: `${url.origin}/`, header: own };
  if (scope === undefined) return undefined;
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `http.${scope}.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: ${header}`,
  };
}

/** A remote as git is given it: without the credentials that `runGit` passes another way. */
export function withoutCredentials(remote: string): string {
  if (!/^https?:/i.test(remote)) return remote;
  const url = new URL(remote);
  url.username = "";
  url.password = "";
  return url.href;
}

function notInstalled(cause: unknown): TsbuildError {
  return new TsbuildError("UNSUPPORTED", "Cannot fetch from a git repository: git is not installed", {
    cause,
    hint: "run: apt-get install -y --no-install-recommends git ca-certificates",
  });
}

/** Why a remote could not be reached, in git's words, and what to do about it. */
export function gitError(remote: string, error: unknown): unknown {
  if (!(error instanceof GitFailure)) return error;
  const state = (lastWords(error.stderr) ?? "git says nothing").slice(0, 500);
  return new TsbuildError("NETWORK", `Cannot fetch from ${redact(remote)}: ${state}`, {
    cause: error,
    hint: hintFor(error.stderr),
  });
}

/** The last line that begins like an error, and what follows where it ends in a colon. */
function lastWords(stderr: string): string | undefined {
  const lines = stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const at = lines.findLastIndex((line) => /^(fatal|error|remote|ERROR)\b/.test(line));
  const said = lines.at(at < 0 ? -1 : at)?.replace(/^(fatal|error): /, "");
  return said?.endsWith(":") === true && at >= 0 ? `${said} ${lines[at + 1] ?? ""}` : said;
}

function hintFor(stderr: string): string | undefined {
  if (
    /could not read (Username|Password)|Authentication failed|terminal prompts disabled|\b40[13]\b/.test(
      stderr,
    )
  )
    return "the repository is private or does not exist: check its name, and give --secret id=GIT_AUTH_TOKEN,env=NAME, or use ssh";
  if (/returned error: 30[12378]/.test(stderr))
    return "it has moved: write its new URL; redirects are not followed with credentials, which git would send along";
  if (/Permission denied \(publickey|Host key verification failed/.test(stderr))
    return "try ssh to that host first: its key has to be known, and yours has to be loaded in the agent";
  return undefined;
}
