import { plainRange } from "../core/diagnostic.ts";
import { unreachable } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";
import { runScript } from "../dockerfile/run-script.ts";
import type { Flag, Heredoc, RunInstruction } from "../dockerfile/types.ts";
import type { Handler, Work } from "./context.ts";
import { historyArgs } from "./environment.ts";
import { planMounts } from "./mounts.ts";
import type { StageState } from "./state.ts";
import type { RunAction } from "./types.ts";

const NETWORKS = ["default", "none", "host"] as const;
const SECURITIES = ["sandbox", "insecure"] as const;

/** Where `RUN <<EOF` puts a script that begins with `#!` (BuildKit convert.go dispatchRun). */
const SCRIPTS = "/dev/pipes";

/** RUN: what is executed, in which environment. Its text is for the shell: nothing of it is expanded here (rule 10). */
export const applyRun: Handler<"run"> = (instruction, work) => {
  const { state, problems } = work;
  const scope = state.scope;
  const { flags, range } = instruction;
  work.expander.budget.spend(state.processEnvCost(), range);
  const network = networkOf(choice(flags, "network", NETWORKS, work), work);
  const security = choice(flags, "security", SECURITIES, work);
  const mounts = planMounts(flags, work, scope);
  state.step(() => {
    const { argv, scripts } = commandOf(instruction, state);
    const hostname = work.buildArgs.setting("BUILDKIT_SANDBOX_HOSTNAME");
    const action: RunAction = {
      type: "exec",
      argv,
      env: state.processEnv(),
      args: state.argNames(),
      proxyEnv: work.buildArgs.proxyEnv(),
      cwd: state.workdir,
      user: state.user,
      platform: state.platform,
      ...(hostname === "" ? {} : { hostname }),
      network,
      security,
      mounts,
      scripts,
    };
    const text = work.expander.line(instruction.original, scope) + summaryOf(instruction.heredocs, action);
    return {
      createdBy: `RUN ${historyArgs(work)}${argv.join(" ")} # buildkit`,
      step: { name: work.stepName(text), at: { source: problems.source, range: plainRange(range) }, action },
    };
  });
};

/** --network of the build is for the steps that do not say (BuildKit dockerui `force-network-mode`). */
function networkOf(network: RunAction["network"], { options }: Work): RunAction["network"] {
  return network === "default" ? (options.network ?? "default") : network;
}

/** A script with a `#!` is a file that the shell runs; everything else is text for the shell (rule 7). */
function commandOf(
  instruction: RunInstruction,
  state: StageState,
): { readonly argv: readonly string[]; readonly scripts: RunAction["scripts"] } {
  const script = runScript(instruction);
  switch (script.kind) {
    case "exec":
      return { argv: script.argv, scripts: [] };
    case "shell":
      return { argv: state.shell(script.text), scripts: [] };
    case "script": {
      const { name, body } = script;
      return { argv: state.shell(`${SCRIPTS}/${name}`), scripts: [{ name, body }] };
    }
    default:
      return unreachable(script);
  }
}

/** The first line of a heredoc that is all of a RUN, to tell steps apart that all read `RUN <<EOF`. */
function summaryOf(
  [first]: readonly Heredoc[],
  { argv, scripts }: Pick<RunAction, "argv" | "scripts">,
): string {
  if (first === undefined || (scripts.length === 0 && argv.at(-1) !== first.body)) return "";
  const lines = first.body.trim().split(/\r?\n/);
  return ` (${lines[0] ?? ""}${lines.length > 1 ? "..." : ""})`;
}

function choice<const T extends string>(
  flags: readonly Flag[],
  name: string,
  values: readonly [T, ...T[]],
  { problems }: Work,
): T {
  const flag = flags.find((flag) => flag.name === name);
  if (flag === undefined) return values[0];
  const written = flag.value?.raw ?? "";
  const value = values.find((value) => value === written);
  if (value === undefined) {
    problems.error(
      "InvalidFlag",
      `Cannot use --${name}=${written}: it is not one of ${values.join(", ")}`,
      flag.range,
      {
        fix: didYouMean(written, values),
      },
    );
  }
  return value ?? values[0];
}
