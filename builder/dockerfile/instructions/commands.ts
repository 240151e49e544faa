import type { CommandInstruction, RunInstruction, ShellInstruction } from "../types.ts";
import { readCommand } from "./read-command.ts";
import { readFlags } from "./read-flags.ts";
import { reportMissing, type Scope } from "./scope.ts";

/** RUN. The options of its flags are read where they are used. */
export function parseRun(scope: Scope): RunInstruction | undefined {
  const flags = readFlags(scope, { mount: "many", network: "string", security: "string", device: "later" });
  if (scope.rest.text === "")
    return reportMissing(scope, "RUN has no command", "write the command behind RUN");
  const command = readCommand(scope, scope.rest);
  if (command === undefined) return undefined;
  if (command.form === "exec" && command.argv.length === 0)
    return reportMissing(scope, "RUN has no command", "put the command into the array");
  return { kind: "run", ...scope.base, command, heredocs: scope.heredocs, flags: flags.all };
}

/** CMD. */
export function parseCmd(scope: Scope): CommandInstruction | undefined {
  return parseImageCommand(scope, "cmd");
}

/** ENTRYPOINT. */
export function parseEntrypoint(scope: Scope): CommandInstruction | undefined {
  return parseImageCommand(scope, "entrypoint");
}

function parseImageCommand(scope: Scope, kind: CommandInstruction["kind"]): CommandInstruction | undefined {
  readFlags(scope, {});
  if (scope.rest.text === "")
    return reportMissing(scope, `${scope.keyword} has no command`, `write ${scope.keyword} [] to clear it`);
  const command = readCommand(scope, scope.rest);
  return command === undefined ? undefined : { kind, ...scope.base, command };
}

/** SHELL: in JSON form only. */
export function parseShell(scope: Scope): ShellInstruction | undefined {
  readFlags(scope, {});
  const example = 'write for example SHELL ["/bin/bash", "-c"]';
  if (scope.rest.text === "") return reportMissing(scope, "SHELL has no arguments", example);
  const command = readCommand(scope, scope.rest);
  if (command === undefined) return undefined;
  if (command.form === "shell") {
    scope.report({
      rule: "InvalidJSONArgs",
      message: "The arguments of SHELL are not a JSON array",
      span: scope.rest,
      fix: example,
    });
    return undefined;
  }
  if (command.argv.length === 0) return reportMissing(scope, "SHELL has no arguments", example);
  return { kind: "shell", ...scope.base, argv: command.argv };
}
