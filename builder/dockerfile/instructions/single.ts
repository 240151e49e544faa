import type {
  MaintainerInstruction,
  StopSignalInstruction,
  UserInstruction,
  WorkdirInstruction,
  Word,
} from "../types.ts";
import { readFlags } from "./read-flags.ts";
import { reportMissing, toWord, type Scope } from "./scope.ts";

/** WORKDIR: all of the rest is one path, spaces included (BuildKit parseString). */
export function parseWorkdir(scope: Scope): WorkdirInstruction | undefined {
  const path = readOne(scope, "path");
  return path && { kind: "workdir", ...scope.base, path };
}

/** USER. */
export function parseUser(scope: Scope): UserInstruction | undefined {
  const user = readOne(scope, "user");
  return user && { kind: "user", ...scope.base, user };
}

/** STOPSIGNAL. */
export function parseStopSignal(scope: Scope): StopSignalInstruction | undefined {
  const signal = readOne(scope, "signal");
  return signal && { kind: "stopsignal", ...scope.base, signal };
}

/** MAINTAINER. */
export function parseMaintainer(scope: Scope): MaintainerInstruction | undefined {
  const name = readOne(scope, "name");
  return name && { kind: "maintainer", ...scope.base, name: name.raw };
}

function readOne(scope: Scope, what: string): Word | undefined {
  readFlags(scope, {});
  if (scope.rest.text !== "") return toWord(scope, scope.rest);
  return reportMissing(
    scope,
    `${scope.keyword} has no ${what}`,
    `write ${scope.keyword} ${what.toUpperCase()}`,
  );
}
