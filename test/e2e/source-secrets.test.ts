import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { test } from "node:test";
import { openFileServer } from "../support/file-server.ts";
import { openGitServer } from "../support/git-server.ts";
import { openRig, type CliOptions, type Outcome, type Rig } from "../support/rig.ts";

function run(rig: Rig, args: readonly string[], options: CliOptions = {}): Promise<Outcome> {
  return rig.tsbuild(["build", "--progress=plain", ...args], options);
}

async function built(rig: Rig, args: readonly string[], options: CliOptions = {}): Promise<void> {
  const outcome = await run(rig, args, options);
  assert.equal(outcome.status, 0, outcome.stderr);
}

let count = 0;

function dockerfile(rig: Rig, ...lines: readonly string[]): string {
  return rig.context({ Dockerfile: `${lines.join("\n")}\n` }, `context-${++count}`);
}

/** `--secret` for HTTP from the variable that is named for its kind. */
function secret(kind: "TOKEN" | "HEADER", host = "127.0.0.1"): string[] {
  return ["--secret", `id=HTTP_AUTH_${kind}_${host},env=${kind}`];
}

function basic(token: string): string {
  return `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
}

test("secrets authorize downloads of their host, and are sent to no other and shown to nobody", async () => {
  await using rig = openRig();
  await using server = await openFileServer();
  await using other = await openFileServer();
  const sent: (string | undefined)[] = [];
  const note =
    (answer: string): ((request: IncomingMessage, response: ServerResponse) => void) =>
    (request, response) => {
      sent.push(request.headers.authorization);
      response.end(answer);
    };
  server.files.set("/private", note("1"));
  other.files.set("/elsewhere", note("2"));
  const { port } = new URL(other.origin);
  server.files.set("/moved", (_request, response) => {
    response.writeHead(302, { location: `http://127.0.0.1:${port}/elsewhere` }).end();
  });
  const context = dockerfile(
    rig,
    "FROM scratch",
    `ADD ${server.origin}/private /1`,
    `ADD ${server.origin}/moved /2`,
  );
  const env = { TOKEN: "geheim-token", HEADER: "Custom geheim-header" };
  await built(rig, [...secret("TOKEN"), context], { env });
  assert.deepEqual(sent.splice(0), ["Bearer geheim-token", undefined]);
  await built(rig, ["--no-cache", ...secret("HEADER"), context], { env });
  assert.deepEqual(sent.splice(0), ["Custom geheim-header", undefined]);
  await built(rig, ["--no-cache", ...secret("TOKEN", "example.com"), context], { env });
  assert.deepEqual(sent.splice(0), [undefined, undefined]);

  server.files.set("/private", (_request, response) => response.writeHead(403).end());
  const refused = await run(rig, ["--no-cache", ...secret("TOKEN"), context], { env });
  assert.match(refused.stderr, /the server did not take what the secret says/);
  const unauthorized = await run(rig, ["--no-cache", context]);
  assert.match(unauthorized.stderr, /--secret id=HTTP_AUTH_TOKEN_127.0.0.1,env=NAME/);
  const stored = spawnSync("grep", ["-rl", "geheim", rig.store], { encoding: "utf8" });
  assert.deepEqual([stored.status, stored.stdout], [1, ""]);
});

test("secrets authorize repositories: the host's own before those of any host", async () => {
  await using rig = openRig();
  await using server = await openGitServer();
  server.create("r.git");
  server.commit("r.git", { Dockerfile: "FROM scratch\nCOPY f /\n", f: "1" });
  const { host } = new URL(server.url("r.git"));
  const env = { ANY: "geheim-any", OWN: "geheim-own", HEADER: "Bearer geheim-header" };
  const cases: readonly (readonly [secrets: readonly string[], authorization: string])[] = [
    [["GIT_AUTH_TOKEN,env=ANY"], basic("geheim-any")],
    [["GIT_AUTH_TOKEN,env=ANY", `GIT_AUTH_TOKEN.${host},env=OWN`], basic("geheim-own")],
    [["GIT_AUTH_HEADER,env=HEADER", "GIT_AUTH_TOKEN,env=ANY"], "Bearer geheim-header"],
  ];
  for (const [secrets, authorization] of cases) {
    server.authorization = authorization;
    const flags = secrets.flatMap((text) => ["--secret", `id=${text}`]);
    await built(rig, [...flags, server.url("r.git")], { env });
    await built(
      rig,
      ["--no-cache", ...flags, dockerfile(rig, "FROM scratch", `ADD ${server.url("r.git")} /`)],
      { env },
    );
  }
  const refused = await run(rig, ["--secret", "id=GIT_AUTH_TOKEN,env=OWN", server.url("r.git")], { env });
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /--secret id=GIT_AUTH_TOKEN,env=NAME/);
  assert.doesNotMatch(refused.stderr, /geheim/);
});

test("a repository that moved to another host is not told the secret", async () => {
  await using rig = openRig();
  await using server = await openGitServer();
  await using old = await openFileServer();
  server.create("r.git");
  server.commit("r.git", { f: "1" });
  for (const path of ["/r.git/info/refs", "/r.git/git-upload-pack"]) {
    old.files.set(path, (request, response) => {
      response.writeHead(301, { location: new URL(request.url ?? "", server.url("")).href }).end();
    });
  }
  const context = dockerfile(rig, "FROM scratch", `ADD ${old.origin}/r.git /`);
  const told = ["--secret", "id=GIT_AUTH_TOKEN,env=TOKEN", context];
  const refused = await run(rig, told, { env: { TOKEN: "geheim" } });
  assert.match(refused.stderr, /it has moved: write its new URL/);
  await built(rig, [context]);
  assert.deepEqual(
    server.seen.filter(({ authorization }) => authorization !== undefined),
    [],
  );
});
