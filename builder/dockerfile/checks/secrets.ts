import type { Word } from "../types.ts";
import type { Check, Finding } from "./types.ts";

/** Words between underscores or at the ends of a name (BuildKit validations.go getSecretsRegex). */
const SECRET = words("apikey|auth|credentials?|key|password|pword|passwd|secret|token");
/** `…_FILE` is where a secret is, `PUBLIC_KEY` is none. */
const HARMLESS = words("public|file|version");

/** SecretsUsedInArgOrEnv. */
export const checkSecrets: Check = function* ({ instructions }): Generator<Finding> {
  let inStage = false;
  for (const instruction of instructions) {
    inStage ||= instruction.kind === "from";
    if (instruction.kind === "env") yield* findings("ENV", instruction.pairs);
    // Before the first FROM it reaches no step and no image.
    else if (instruction.kind === "arg" && inStage) yield* findings("ARG", instruction.args);
  }
};

function* findings(name: string, pairs: readonly { readonly key: Word }[]): Generator<Finding> {
  for (const { key } of pairs) {
    if (!SECRET.test(key.raw) || HARMLESS.test(key.raw)) continue;
    yield {
      rule: "SecretsUsedInArgOrEnv",
      message: `${name} "${key.raw}" looks like a secret`,
      range: key.range,
      reason: "everybody who has the image can read ARG and ENV in its history and config",
      fix: `write RUN --mount=type=secret,id=${key.raw} where it is needed`,
    };
  }
}

function words(alternatives: string): RegExp {
  return new RegExp(`(?:_|^)(?:${alternatives})(?:_|$)`, "i");
}
