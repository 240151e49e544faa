import { TsbuildError } from "../../../core/errors.ts";
import { command } from "../../command.ts";
import { usageError } from "../../flags.ts";
import { Prompt } from "../../prompt.ts";
import type { Session } from "../../types.ts";
import { withStore } from "../../with-tsbuild.ts";

/** A password or token on standard input; more than that is something else. */
const MAX_PASSWORD = 64 * 1024;

/** `tsbuild login`. */
export const loginCommand = command({
  name: "login",
  usage: "login [OPTIONS] [REGISTRY]",
  summary: "Log in to a registry",
  flags: {
    username: { short: "u", value: "USER", doc: "User name; asked for on a terminal without it" },
    "password-stdin": { doc: "Read the password or token from standard input" },
  },
  missing: {
    "password|p": "a password on the command line is seen by every user: write --password-stdin",
    "get-login": undefined,
    "tls-verify": "set insecure = true for the registry in tsbuild/config.toml",
  },
  operands: { min: 0, max: 1, name: "REGISTRY" },
  examples: [
    [
      'echo "$TOKEN" | tsbuild login -u me --password-stdin ghcr.io',
      "logs in without a terminal, as CI does",
    ],
    ["tsbuild login registry.example.com:5000", "asks for user and password"],
  ],
  async execute(flags, [registry = ""], session) {
    const credential = await credentialFor(flags.username, flags["password-stdin"], session);
    const done = await withStore(session, (tsbuild) => tsbuild.login(registry, credential, session.signal));
    const { stdout, stderr } = session.io;
    if (done.isPlain) {
      stderr.write(
        `warning: the password lies unencrypted in ${done.place}; a credential helper (credsStore in it) keeps it safe\n`,
      );
    }
    stdout.write(
      done.proved
        ? `Logged in to ${done.registry}\n`
        : `Kept for ${done.registry}, which lets anybody in: the password could not be checked\n`,
    );
    return 0;
  },
});

/** `tsbuild logout`. */
export const logoutCommand = command({
  name: "logout",
  usage: "logout [REGISTRY]",
  summary: "Forget the credentials of a registry",
  flags: {},
  missing: { "all|a": "name each registry" },
  operands: { min: 0, max: 1, name: "REGISTRY" },
  examples: [["tsbuild logout", "forgets those of Docker Hub, wherever login or docker put them"]],
  async execute(_flags, [registry = ""], session) {
    const done = await withStore(session, (tsbuild) => tsbuild.logout(registry, session.signal));
    session.io.stdout.write(
      done === undefined
        ? "Not logged in\n"
        : `Removed the credentials of ${done.registry} from ${done.place}\n`,
    );
    return 0;
  },
});

async function credentialFor(
  user: string | undefined,
  passwordOnStdin: boolean,
  { io }: Session,
): Promise<{ readonly username: string; readonly password: string }> {
  if (passwordOnStdin) {
    if (!user) throw usageError("login", "Cannot use --password-stdin without --username");
    return { username: checked(user), password: await readPassword(io.stdin.read()) };
  }
  if (!io.stdin.isTTY) {
    throw usageError(
      "login",
      "Cannot ask for a password: standard input is not a terminal",
      "write --password-stdin",
    );
  }
  using prompt = new Prompt(io);
  const username = checked(user ?? (await prompt.ask("Username: ")));
  const password = await prompt.askHidden("Password: ");
  if (password === "") throw new TsbuildError("USAGE", "Cannot log in: the password is empty");
  return { username, password };
}

/** Basic authorization ends the user's name at the first colon (RFC 7617). */
function checked(username: string): string {
  if (username !== "" && !username.includes(":")) return username;
  const state = username === "" ? "the user name is empty" : "a user name has no colon";
  throw new TsbuildError("USAGE", `Cannot log in: ${state}`);
}

/** Without the line's end that echo leaves. */
async function readPassword(input: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of input) {
    size += chunk.length;
    if (size > MAX_PASSWORD)
      throw new TsbuildError("USAGE", "Cannot read the password: standard input does not end");
    chunks.push(chunk);
  }
  const password = Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
  if (password !== "") return password;
  throw new TsbuildError("USAGE", "Cannot log in: there is no password on standard input");
}
