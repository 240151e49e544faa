import { chmodSync, cpSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { hostBase } from "./host-base.ts";
import { projectRoot } from "./project.ts";
import type { Outcome, Rig } from "./rig.ts";

/** tsbuild in a container of its own: root with docker's default capabilities behind the default filter, no more. */
export interface Unprivileged {
  /** The flags that name the base image of `hostBase`, inside as outside. */
  readonly base: readonly string[];
  /** Where the rig's directory is in the container: where it is outside. */
  readonly store: string;
  tsbuild(args: readonly string[], flags?: readonly string[]): Promise<Outcome>;
  /** Runs a shell script in it, in which `tsbuild` is a command. */
  script(text: string, flags?: readonly string[]): Promise<Outcome>;
}

/** Why no container can be made here that would have to do without namespaces; undefined where it can. */
export function withoutContainers(): string | undefined {
  return process.getuid?.() === 0 ? undefined : "needs root";
}

export async function unprivileged(rig: Rig): Promise<Unprivileged> {
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: "FROM base\n" }, "outer");
  const built = await rig.tsbuild(["build", "-t", "outer", ...base, context]);
  if (built.status !== 0) throw new Error(built.stderr);
  // For users other than root in the container, too.
  chmodSync(rig.directory, 0o755);
  const installed = rig.path("installed");
  for (const part of ["dist/bin", "native/build/tsbuild-helper", "package.json"]) {
    mkdirSync(join(installed, part, ".."), { recursive: true });
    cpSync(join(projectRoot, part), join(installed, part), { recursive: true });
  }
  const modules = realpathSync(join(projectRoot, "node_modules"));
  const store = rig.path("inner-store");
  const cli = ["node", join(installed, "dist/bin/tsbuild.cjs")];
  const run = (argv: readonly string[], flags: readonly string[]): Promise<Outcome> =>
    rig.tsbuild([
      "run",
      "--rm",
      `--volume=${rig.directory}:${rig.directory}`,
      `--volume=${modules}:${join(installed, "node_modules")}:ro`,
      `--workdir=${rig.directory}`,
      `--env=TSBUILD_ROOT=${store}`,
      "--env=HOME=/root",
      ...flags,
      "outer",
      ...argv,
    ]);
  return {
    base,
    store,
    tsbuild: (args, flags = []) => run([...cli, ...args], flags),
    script: (text, flags = []) => run(["sh", "-c", `tsbuild() { ${cli.join(" ")} "$@"; }\n${text}`], flags),
  };
}
