import { spawn } from "node:child_process";
import { TsbuildError, errnoOf, messageOf } from "../core/errors.ts";
import { registerSecret } from "../core/redact.ts";
import type { Environment } from "../net/types.ts";
import { legible } from "./response-error.ts";
import type { Credential } from "./types.ts";

const TIME_LIMIT_MS = 60_000;
const MAX_OUTPUT = 64 * 1024;

/** Asks docker-credential-NAME for a server's credentials: the server on standard input, JSON on standard output. */
export async function askHelper(
  name: string,
  server: string,
  env: Environment,
  signal: AbortSignal,
): Promise<Credential | undefined> {
  const call = {
    name,
    verb: "get",
    input: server,
    purpose: `ask NAME for the credentials of ${server}`,
  } as const;
  const output = await callHelper(call, env, signal);
  if (output === undefined) return undefined;
  const credential = readAnswer(output);
  if (credential === undefined) throw failure(call, "it answered with something else than credentials");
  return credential;
}

/** Gives docker-credential-NAME a server's credentials to keep. */
export async function storeInHelper(
  name: string,
  server: string,
  { username, password }: { readonly username: string; readonly password: string },
  env: Environment,
  signal: AbortSignal,
): Promise<void> {
  const input = JSON.stringify({ ServerURL: server, Username: username, Secret: password });
  await callHelper(
    { name, verb: "store", input, purpose: `store the credentials of ${server} in NAME` },
    env,
    signal,
  );
}

/** Lets docker-credential-NAME forget a server's credentials. */
export async function eraseFromHelper(
  name: string,
  server: string,
  env: Environment,
  signal: AbortSignal,
): Promise<void> {
  const purpose = `remove the credentials of ${server} from NAME`;
  await callHelper({ name, verb: "erase", input: server, purpose }, env, signal);
}

interface HelperCall {
  readonly name: string;
  readonly verb: "get" | "store" | "erase";
  readonly input: string;
  /** For messages: NAME is the program. */
  readonly purpose: string;
}

/** What the helper says; undefined where it has nothing. */
async function callHelper(
  call: HelperCall,
  env: Environment,
  signal: AbortSignal,
): Promise<string | undefined> {
  // A path in the name would start any program.
  if (!/^[A-Za-z0-9_.-]+$/.test(call.name)) throw failure(call, "this is not a program's name");
  let result: HelperResult;
  try {
    result = await run(`docker-credential-${call.name}`, call.verb, call.input, env, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw failure(call, errnoOf(cause) === "ENOENT" ? "it is not installed" : messageOf(cause), cause);
  }
  if (result.status === 0) return result.output;
  // docker-credential-helpers, credentials/error.go: how a helper says that it has nothing.
  if (/credentials not found/i.test(result.output)) return undefined;
  throw failure(call, legible(result.output.trim()) || `it failed with status ${result.status}`);
}

function failure({ name, purpose }: HelperCall, state: string, cause?: unknown): TsbuildError {
  const what = purpose.replace("NAME", `docker-credential-${name}`);
  return new TsbuildError("REGISTRY_AUTH", `Cannot ${what}: ${state}`, {
    cause,
    hint: "check credsStore and credHelpers in docker's config.json",
  });
}

interface HelperResult {
  readonly status: number | null;
  readonly output: string;
}

function run(
  program: string,
  verb: string,
  input: string,
  env: Environment,
  signal: AbortSignal,
): Promise<HelperResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [verb], {
      env: { ...env },
      stdio: ["pipe", "pipe", "ignore"],
      signal,
    });
    let output = "";
    const giveUp = (state: string): void => {
      clearTimeout(limit);
      child.kill("SIGKILL");
      // A child of the helper's may live on and hold the pipe: without a reader it ends, or nobody waits for it.
      child.stdout.destroy();
      reject(new Error(state));
    };
    // A timer of our own: spawn's goes on, and holds the process, where the program is not found.
    const limit = setTimeout(
      () => giveUp(`it did not answer within ${TIME_LIMIT_MS / 1000} s`),
      TIME_LIMIT_MS,
    );
    child.on("error", (error) => {
      clearTimeout(limit);
      reject(error);
    });
    // A helper need not read what it is told.
    child.stdin.on("error", () => undefined);
    child.stdin.end(`${input}\n`);
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text: string) => {
      output += text;
      if (output.length > MAX_OUTPUT) giveUp("its answer does not end");
    });
    child.on("exit", (_, killedBy) => {
      if (killedBy !== null) giveUp(`it was ended by ${killedBy}`);
    });
    child.on("close", (status) => {
      clearTimeout(limit);
      resolve({ status, output });
    });
  });
}

function readAnswer(output: string): Credential | undefined {
  let answer: { readonly Username?: unknown; readonly Secret?: unknown };
  try {
    answer = Object(JSON.parse(output)) as typeof answer;
  } catch {
    return undefined;
  }
  const { Username: username, Secret: secret } = answer;
  if (typeof username !== "string" || typeof secret !== "string") return undefined;
  registerSecret(secret);
  // The helpers' protocol marks an identity token by this name.
  if (username === "<token>") return { kind: "identity", token: secret };
  return { kind: "basic", username, password: secret };
}
