import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface RunningRegistry extends AsyncDisposable {
  /** host:port, on loopback. */
  readonly host: string;
}

export interface RegistryChoices {
  /** A user that must log in (basic authorization through htpasswd); bcrypt hash as `htpasswd -nbB` prints it. */
  readonly htpasswd?: string;
  /** Where tokens are given out, and the PEM file of who signs them. */
  readonly token?: { readonly realm: string; readonly signer: string };
  /** Paths of PEM files: then it speaks TLS. */
  readonly tls?: {
    readonly certificate: string;
    readonly key: string;
    /** Authorities whose clients alone may come in. */
    readonly clientcas?: readonly string[];
  };
}

/** Why Debian's docker-registry cannot be started here, or undefined. */
export function withoutDockerRegistry(): string | undefined {
  const { error } = spawnSync("docker-registry", ["--version"], { stdio: "ignore" });
  return error === undefined
    ? undefined
    : "docker-registry is not installed (apt-get install docker-registry)";
}

/** Starts Debian's docker-registry on a free port of loopback, with a folder of its own that goes with it. */
export async function startDockerRegistry(choices: RegistryChoices = {}): Promise<RunningRegistry> {
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-registry-"));
  if (choices.htpasswd !== undefined) writeFileSync(join(folder, "htpasswd"), choices.htpasswd);
  writeFileSync(join(folder, "config.yml"), configuration(folder, choices));
  const child = spawn("docker-registry", ["serve", join(folder, "config.yml")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => {
        child.once("exit", resolve);
      });
      child.kill("SIGKILL");
      await ended;
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 30 });
  };
  let log = "";
  const host = await new Promise<string | undefined>((resolve) => {
    child.once("error", () => resolve(undefined));
    child.once("exit", () => resolve(undefined));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (log.length < 100_000) log += text;
      const listening = /listening on (127\.0\.0\.1:\d+)/.exec(log)?.[1];
      if (listening !== undefined) resolve(listening);
    });
  });
  if (host !== undefined) return { host, [Symbol.asyncDispose]: stop };
  await stop();
  throw new Error(`docker-registry did not start: ${log}`);
}

function configuration(folder: string, { htpasswd, token, tls }: RegistryChoices): string {
  return JSON.stringify({
    version: 0.1,
    storage: { filesystem: { rootdirectory: join(folder, "data") }, delete: { enabled: true } },
    http: { addr: "127.0.0.1:0", secret: "test", ...(tls === undefined ? {} : { tls }) },
    ...(token === undefined
      ? {}
      : {
          auth: {
            token: { realm: token.realm, service: "test", issuer: "test", rootcertbundle: token.signer },
          },
        }),
    ...(htpasswd === undefined
      ? {}
      : { auth: { htpasswd: { realm: "test", path: join(folder, "htpasswd") } } }),
  });
}
