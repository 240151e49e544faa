import { didYouMean } from "../../../core/suggest.ts";
import type { SecretSource } from "../../../api/secret-source.ts";
import { csvPairs } from "../../csv.ts";
import { usageError } from "../../flags.ts";

const KEYS = ["id", "src", "source", "env", "type"];

/** `--secret id=ID[,src=FILE|,env=NAME]`: without a source, the variable or else the file of the id's name, as with docker. */
export function parseSecret(text: string, env: NodeJS.ProcessEnv): SecretSource {
  const pairs = csvPairs(text);
  const wrong = (state: string, hint?: string): Error =>
    usageError("build", `Cannot use --secret ${text}: ${state}`, hint);
  for (const key of pairs.keys()) {
    if (!KEYS.includes(key)) throw wrong(`it has no option "${key}"`, didYouMean(key, KEYS));
  }
  const id = pairs.get("id");
  if (!id) throw wrong("the id is missing", "write --secret id=ID,src=FILE or --secret id=ID,env=NAME");
  const type = pairs.get("type");
  if (type !== undefined && type !== "file" && type !== "env") throw wrong(`its type is not file or env`);
  const file = pairs.get("src") ?? pairs.get("source");
  const name = pairs.get("env");
  if (file !== undefined && name !== undefined)
    throw wrong("it has a file and a variable", "give src or env");
  if (name !== undefined) return { id, env: name };
  if (file !== undefined) return type === "env" ? { id, env: file } : { id, file };
  return type === "env" || (type === undefined && env[id] !== undefined) ? { id, env: id } : { id, file: id };
}

/** `--ssh ID[=SOCKET]` as id and socket, "" for the caller's agent. */
export function parseSsh(text: string): readonly [id: string, socket: string] {
  const equals = text.indexOf("=");
  const id = equals < 0 ? text : text.slice(0, equals);
  if (id === "")
    throw usageError("build", `Cannot use --ssh ${text}: the id is missing`, "write --ssh default");
  return [id, equals < 0 ? "" : text.slice(equals + 1)];
}
