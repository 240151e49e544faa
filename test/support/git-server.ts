import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, chmodSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** When every commit of these tests was made: seconds since 1970. */
export const COMMIT_TIME = 1_600_000_000;

/** A file of a commit: text, an executable, or where a symlink leads. */
export type CommitFile = string | { readonly run: string } | { readonly link: string };

/** Bare repositories behind git's own HTTP server, on a free port of loopback. */
export interface GitServer extends AsyncDisposable {
  readonly directory: string;
  /** Of every request. */
  readonly seen: { readonly path: string; readonly authorization: string | undefined }[];
  /** Asked for in place of everything; undefined lets everybody in. */
  authorization: string | undefined;
  url(repository: string): string;
  /** Runs git in a bare repository. */
  git(repository: string, args: readonly string[], input?: string): string;
  /** Makes an empty repository. */
  create(repository: string): void;
  /** Commits these files, and no others, to a branch; returns the commit. */
  commit(repository: string, files: Readonly<Record<string, CommitFile>>, branch?: string): string;
}

const ENV = {
  PATH: process.env["PATH"] ?? "",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.com",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.com",
  GIT_AUTHOR_DATE: `${COMMIT_TIME} +0000`,
  GIT_COMMITTER_DATE: `${COMMIT_TIME} +0000`,
};

export async function openGitServer(): Promise<GitServer> {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-git-"));
  const server = createServer((request, response) => answer(state, request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const git = (repository: string, args: readonly string[], input = ""): string =>
    execFileSync("git", args, { cwd: join(directory, repository), env: ENV, input, encoding: "utf8" }).trim();
  const state: GitServer = {
    directory,
    seen: [],
    authorization: undefined,
    url: (repository) => `http://127.0.0.1:${port}/${repository}`,
    git,
    create(repository) {
      mkdirSync(join(directory, repository), { recursive: true });
      git(repository, ["init", "--quiet", "--bare", "--initial-branch=main"]);
    },
    commit(repository, files, branch = "main") {
      const work = mkdtempSync(join(tmpdir(), "tsbuild-work-"));
      try {
        for (const [path, file] of Object.entries(files)) write(join(work, path), file);
        const at = [`--git-dir=${join(directory, repository)}`, `--work-tree=${work}`];
        git(repository, [...at, "read-tree", "--empty"]);
        git(repository, [...at, "add", "--all", "--force", "."]);
        return commitIndex(git, repository, branch);
      } finally {
        rmSync(work, { recursive: true });
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      rmSync(directory, { recursive: true });
    },
  };
  return state;
}

/** Commits what is in the index of a repository. */
export function commitIndex(git: GitServer["git"], repository: string, branch: string): string {
  const tree = git(repository, ["write-tree"]);
  const commit = git(repository, ["commit-tree", tree, "-m", "message"]);
  git(repository, ["update-ref", `refs/heads/${branch}`, commit]);
  return commit;
}

function write(path: string, file: CommitFile): void {
  mkdirSync(dirname(path), { recursive: true });
  if (typeof file === "string") writeFileSync(path, file);
  else if ("link" in file) symlinkSync(file.link, path);
  else {
    writeFileSync(path, file.run);
    chmodSync(path, 0o755);
  }
}

/** CGI (RFC 3875), as much of it as git http-backend needs. */
function answer(server: GitServer, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
  const { authorization } = request.headers;
  server.seen.push({ path: pathname, authorization });
  if (server.authorization !== undefined && authorization !== server.authorization) {
    response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    return;
  }
  const child = spawn("git", ["-c", "safe.directory=*", "http-backend"], {
    env: {
      PATH: ENV.PATH,
      GIT_PROJECT_ROOT: server.directory,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method ?? "GET",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(child.stdin);
  child.stdin.on("error", () => undefined);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.once("close", () => {
    const output = Buffer.concat(chunks);
    const end = output.indexOf("\r\n\r\n");
    const headers = output.toString("latin1", 0, end).split("\r\n");
    for (const line of headers) {
      const colon = line.indexOf(": ");
      const [name, value] = [line.slice(0, colon), line.slice(colon + 2)];
      if (name === "Status") response.statusCode = Number(value.slice(0, 3));
      else response.setHeader(name, value);
    }
    response.end(output.subarray(end + 4));
  });
}
