import { readFileSync } from "node:fs";
import { errnoOf, messageOf, TsbuildError } from "../core/errors.ts";
import type { SecretSource } from "../api/secret-source.ts";

/** Larger is no secret (BuildKit session/secrets: 500 KiB). */
const MAX_SECRET = 500 * 1024;

/** What --secret and --ssh gave: read when a step asks for it, kept in memory alone. */
export class BuildSecrets {
  readonly #secrets: ReadonlyMap<string, SecretSource>;
  readonly #ssh: ReadonlyMap<string, string>;
  readonly #env: NodeJS.ProcessEnv;

  constructor(
    secrets: readonly SecretSource[],
    ssh: Readonly<Record<string, string>>,
    env: NodeJS.ProcessEnv,
  ) {
    this.#secrets = new Map(secrets.map((secret) => [secret.id, secret]));
    this.#ssh = new Map(Object.entries(ssh));
    this.#env = env;
  }

  value(id: string): Buffer | undefined {
    const source = this.#secrets.get(id);
    if (source === undefined) return undefined;
    const value = "file" in source ? readSecret(id, source.file) : this.#variable(id, source.env);
    if (value.length <= MAX_SECRET) return value;
    throw new TsbuildError("USAGE", `Cannot use secret "${id}": it is larger than ${MAX_SECRET / 1024} KiB`);
  }

  /** The socket that was named, or the caller's agent. */
  sshSocket(id: string): string | undefined {
    const named = this.#ssh.get(id);
    if (named === undefined) return undefined;
    const socket = named === "" ? this.#env["SSH_AUTH_SOCK"] : named;
    if (socket) return socket;
    throw new TsbuildError(
      "USAGE",
      `Cannot use --ssh ${id}: there is no SSH agent, SSH_AUTH_SOCK is not set`,
      {
        hint: `start one with eval "$(ssh-agent)" and ssh-add, or name its socket: --ssh ${id}=/path/of/socket`,
      },
    );
  }

  #variable(id: string, name: string): Buffer {
    const value = this.#env[name];
    if (value !== undefined) return Buffer.from(value);
    throw new TsbuildError("USAGE", `Cannot use secret "${id}": the environment has no variable ${name}`);
  }
}

function readSecret(id: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const missing = errnoOf(cause) === "ENOENT";
    const why = missing ? `there is no file "${file}"` : `cannot read "${file}": ${messageOf(cause)}`;
    throw new TsbuildError("USAGE", `Cannot use secret "${id}": ${why}`, {
      ...(missing && { hint: "write --secret id=ID,src=FILE, or env=NAME for a variable" }),
      cause,
    });
  }
}
