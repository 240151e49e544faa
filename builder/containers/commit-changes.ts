import { TsbuildError } from "../core/errors.ts";
import { parseDockerfile } from "../dockerfile/parse.ts";
import type { ImageConfig, RunConfig } from "../image/types.ts";
import { planStages } from "../stages/plan.ts";

/** moby builder/dockerfile: validCommitCommands. */
const ALLOWED: ReadonlySet<string> = new Set([
  "cmd",
  "entrypoint",
  "env",
  "expose",
  "healthcheck",
  "label",
  "onbuild",
  "stopsignal",
  "user",
  "volume",
  "workdir",
]);

/** A container's config, changed by instructions of a Dockerfile. `image`: what the container was made of. */
export async function changedConfig(
  config: RunConfig,
  changes: readonly string[],
  image: ImageConfig,
): Promise<RunConfig> {
  if (changes.length === 0) return config;
  const dockerfile = parseDockerfile({
    name: "--change",
    text: ["FROM container", ...changes, ""].join("\n"),
  });
  for (const { kind } of dockerfile.instructions.slice(1)) {
    if (ALLOWED.has(kind)) continue;
    throw new TsbuildError(
      "USAGE",
      `Cannot commit with --change: ${kind.toUpperCase()} does not change a config`,
      {
        hint: `write one of ${[...ALLOWED].map((name) => name.toUpperCase()).join(", ")}`,
      },
    );
  }
  // What a base image leaves to those who build on it is not for this one.
  const { OnBuild: triggers = [], ...own } = config;
  const base = { ...image, config: own, history: [] };
  const { planned } = await planStages(
    dockerfile,
    {
      buildArgs: {},
      labels: {},
      buildPlatform: image.platform,
      targetPlatform: image.platform,
      explicitPlatform: true,
      contexts: [],
    },
    { resolve: async () => ({ reference: "container", manifest: image.digest, config: base }) },
    () => undefined,
  );
  const changed: RunConfig = planned.get(0)?.plan.config ?? own;
  const all = [...triggers, ...(changed.OnBuild ?? [])];
  return { ...changed, ...(all.length > 0 ? { OnBuild: all } : {}) };
}
