import type { RunConfig } from "../image/types.ts";
import type { ContainerRequest } from "../api/container-types.ts";

/** The image's config with what the command line says in its place: docker's config of a container. */
export function configOf(image: RunConfig, options: ContainerRequest): RunConfig {
  const { entrypoint, command } = options;
  const config: { -readonly [K in keyof RunConfig]: RunConfig[K] } = {
    ...image,
    Env: merged(image.Env ?? [], options.env),
    Labels: { ...image.Labels, ...options.labels },
  };
  if (entrypoint !== undefined) {
    config.Entrypoint = entrypoint;
    delete config.Cmd;
  }
  if (command.length > 0) config.Cmd = command;
  if (options.user !== undefined) config.User = options.user;
  if (options.workdir !== undefined) config.WorkingDir = options.workdir;
  if (options.stopSignal !== undefined) config.StopSignal = options.stopSignal;
  return config;
}

/** Later ones win, in the place of the first of their name. */
function merged(...lists: readonly (readonly string[])[]): string[] {
  const values = new Map<string, string>();
  for (const variable of lists.flat()) values.set(variable.split("=", 1)[0] ?? "", variable);
  return [...values.values()];
}
