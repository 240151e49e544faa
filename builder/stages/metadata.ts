import { plainRange } from "../core/diagnostic.ts";
import { unreachable } from "../core/errors.ts";
import { resolveAgainst } from "../core/paths.ts";
import type { Command, HealthcheckInstruction } from "../dockerfile/types.ts";
import type { Healthcheck } from "../image/types.ts";
import type { Handler, Work } from "./context.ts";
import { goDuration, goQuoteList } from "./go-format.ts";
import { isSignal, signalNames } from "./signals.ts";
import { didYouMean } from "../core/suggest.ts";

/** CMD and ENTRYPOINT (rules 5 and 17). */
export const applyCommand: Handler<"cmd" | "entrypoint"> = (
  { kind, command, range },
  { state, problems },
) => {
  const argv = argvOf(command, state);
  // Whoever chose the shell wants it (BuildKit dispatchCmd).
  if (command.form === "shell" && (state.config.Shell ?? []).length === 0) {
    const name = kind.toUpperCase();
    problems.sureWarning("JSONArgsRecommended", `${name} is not in JSON form: a shell runs it`, range, {
      reason: "the shell gets the signals that are meant for the program, such as that of docker stop",
      fix: `write ${name} ["program", "argument"]`,
    });
  }
  if (kind === "cmd") {
    state.config.Cmd = argv;
    // BuildKit sets it with every CMD; docker reads it.
    state.config.ArgsEscaped = true;
    state.cmdSet = true;
    state.record(() => `CMD ${goQuoteList(argv)}`);
  } else {
    state.config.Entrypoint = argv.length === 0 ? null : argv;
    if (!state.cmdSet) state.config.Cmd = undefined;
    state.record(() => `ENTRYPOINT ${goQuoteList(argv)}`);
  }
};

/** The argv of a command: an exec form as it is, a shell form through SHELL. */
function argvOf(command: Command, state: Work["state"]): readonly string[] {
  switch (command.form) {
    case "exec":
      return command.argv;
    case "shell":
      return state.shell(command.text);
    default:
      return unreachable(command);
  }
}

/** SHELL. */
export const applyShell: Handler<"shell"> = ({ argv }, { state }) => {
  state.config.Shell = argv;
  state.record(() => `SHELL [${argv.join(" ")}]`);
};

/** USER. */
export const applyUser: Handler<"user"> = ({ user }, { state, expander }) => {
  const value = expander.word(user, state.scope);
  state.config.User = value;
  state.record(() => `USER ${value}`);
};

/** WORKDIR: a relative one joins the one before, and all but `/` make a layer (rule 24). */
export const applyWorkdir: Handler<"workdir"> = (
  { path, range, original },
  { state, expander, problems, stepName },
) => {
  const scope = state.scope;
  const value = expander.word(path, scope);
  const directory = resolveAgainst(state.workdir, value);
  // A stage's first one counts: an absolute one below it makes those after it clear (BuildKit dispatchWorkdir).
  if (!state.workdirSet && !value.startsWith("/")) {
    problems.warning(
      "WorkdirRelativePath",
      `WORKDIR "${value}" begins where the base image says`,
      path.range,
      {
        reason: "no WORKDIR before it is absolute, so another base image can move it",
        fix: `write an absolute path, such as ${directory}`,
      },
    );
  }
  state.workdirSet = true;
  // An absolute one stands in the image as it was written, slashes at its end included (BuildKit system.NormalizePath).
  const written = value.startsWith("/") ? value : directory;
  state.config.WorkingDir = written;
  const createdBy = `WORKDIR ${written}`;
  if (directory === "/") {
    state.record(() => createdBy);
    return;
  }
  state.step(() => ({
    createdBy,
    step: {
      name: stepName(expander.line(original, scope)),
      at: { source: problems.source, range: plainRange(range) },
      action: { type: "mkdir", path: directory, user: state.user },
    },
  }));
};

/** VOLUME writes the config and nothing else (rule 22). */
export const applyVolume: Handler<"volume"> = ({ paths }, { state, expander, problems }) => {
  const scope = state.scope;
  const values = paths.map((word) => {
    const value = expander.word(word, scope);
    if (value === "") {
      problems.error("EmptyVolume", "Cannot use VOLUME with an empty path", word.range, {
        fix: "write the absolute path of a directory",
      });
    } else state.volumes.add(value);
    return value;
  });
  state.record(() => `VOLUME [${values.join(" ")}]`);
};

/** STOPSIGNAL. */
export const applyStopSignal: Handler<"stopsignal"> = ({ signal }, { state, expander, problems }) => {
  const value = expander.word(signal, state.scope);
  if (!isSignal(value)) {
    problems.error("InvalidSignal", `Cannot use signal "${value}": there is no such signal`, signal.range, {
      fix: didYouMean(value, signalNames()) ?? "write a name like SIGTERM, or a number from 1 on",
    });
  }
  state.config.StopSignal = value;
  state.record(() => `STOPSIGNAL ${value}`);
};

/** HEALTHCHECK; what is not given stays 0, which docker takes for its default (rule 9). */
export const applyHealthcheck: Handler<"healthcheck"> = ({ check }, { state }) => {
  const healthcheck = healthcheckOf(check);
  state.config.Healthcheck = healthcheck;
  state.record(() => `HEALTHCHECK ${goHealthcheck(healthcheck)}`);
};

function healthcheckOf(check: HealthcheckInstruction["check"]): Healthcheck {
  if (check.type === "none") return { Test: ["NONE"] };
  const { command } = check;
  const test = command.form === "exec" ? ["CMD", ...command.argv] : ["CMD-SHELL", command.text];
  return {
    Test: test,
    ...(check.interval ? { Interval: check.interval } : {}),
    ...(check.timeout ? { Timeout: check.timeout } : {}),
    ...(check.startPeriod ? { StartPeriod: check.startPeriod } : {}),
    ...(check.startInterval ? { StartInterval: check.startInterval } : {}),
    ...(check.retries ? { Retries: check.retries } : {}),
  };
}

/** `%+v` of BuildKit's HealthcheckConfig. */
function goHealthcheck(check: Healthcheck): string {
  const durations = ["Interval", "Timeout", "StartPeriod", "StartInterval"] as const;
  const fields = [
    `Test:[${(check.Test ?? []).join(" ")}]`,
    ...durations.map((name) => `${name}:${goDuration(check[name] ?? 0)}`),
    `Retries:${check.Retries ?? 0}`,
  ];
  return `{${fields.join(" ")}}`;
}

/** ONBUILD leaves no history line. */
export const applyOnbuild: Handler<"onbuild"> = ({ trigger }, { state }) => {
  state.triggers.push(trigger);
};

/** MAINTAINER. */
export const applyMaintainer: Handler<"maintainer"> = ({ name }, { state }) => {
  state.author = name;
  state.record(() => `MAINTAINER ${name}`);
};
