import { parseDuration } from "../duration.ts";
import { part, type Span } from "../span.ts";
import { isSpace } from "../spaces.ts";
import type { HealthcheckInstruction, Word } from "../types.ts";
import { readCommand } from "./read-command.ts";
import { readFlags, type ReadFlags } from "./read-flags.ts";
import { reportMissing, type Scope } from "./scope.ts";

const FLAGS = {
  interval: "string",
  timeout: "string",
  "start-period": "string",
  "start-interval": "string",
  retries: "string",
} as const;
/** Docker's container.MinimumDuration, in nanoseconds. */
const MIN_DURATION = 1_000_000;
const MAX_RETRIES = 0x7fffffff;
const USAGE = "write HEALTHCHECK CMD command, or HEALTHCHECK NONE";

/** HEALTHCHECK NONE, HEALTHCHECK CMD. */
export function parseHealthcheck(scope: Scope): HealthcheckInstruction | undefined {
  const flags = readFlags(scope, FLAGS);
  const [type, rest] = splitType(scope.rest);
  switch (type.text.toUpperCase()) {
    case "":
      return reportMissing(scope, "HEALTHCHECK has no arguments", USAGE);
    case "NONE":
      return parseNone(scope, flags, rest);
    case "CMD":
      return parseCheck(scope, flags, rest);
    default:
      scope.report({
        rule: "InvalidHealthcheck",
        message: `HEALTHCHECK has no type "${type.text}"`,
        span: type,
        fix: USAGE,
      });
      return undefined;
  }
}

function parseNone(scope: Scope, flags: ReadFlags, rest: Span): HealthcheckInstruction {
  if (rest.text !== "") {
    scope.report({
      rule: "InvalidHealthcheck",
      message: "HEALTHCHECK NONE takes no arguments",
      span: rest,
      fix: USAGE,
    });
  }
  const [flag] = scope.flags;
  if (flag !== undefined && flags.all.length > 0) {
    scope.report({
      severity: "warning",
      rule: "HealthcheckNoneFlags",
      message: "The flags of HEALTHCHECK NONE have no effect",
      span: flag.span,
      fix: "remove them",
    });
  }
  return { kind: "healthcheck", ...scope.base, check: { type: "none" } };
}

function parseCheck(scope: Scope, flags: ReadFlags, rest: Span): HealthcheckInstruction | undefined {
  const durations = {
    interval: readDuration(scope, flags.word("interval")),
    timeout: readDuration(scope, flags.word("timeout")),
    startPeriod: readDuration(scope, flags.word("start-period")),
    startInterval: readDuration(scope, flags.word("start-interval")),
    retries: readRetries(scope, flags.word("retries")),
  };
  const command = readCommand(scope, rest);
  if (command === undefined) return undefined;
  if (command.form === "exec" ? command.argv.length === 0 : command.text === "")
    return reportMissing(scope, "HEALTHCHECK CMD has no command", USAGE);
  // To the image config 0 and "not given" are one: both leave the field out.
  const given = Object.fromEntries(Object.entries(durations).filter(([, value]) => value));
  return { kind: "healthcheck", ...scope.base, check: { type: "cmd", command, ...given } };
}

function readDuration(scope: Scope, word: Word | undefined): number | undefined {
  if (word === undefined) return undefined;
  const value = parseDuration(word.raw);
  if (value === 0 || (value !== undefined && value >= MIN_DURATION)) return value;
  reportFlag(
    scope,
    word,
    `"${word.raw}" is not a duration of at least 1ms`,
    "write for example 30s or 1m30s",
  );
  return undefined;
}

function readRetries(scope: Scope, word: Word | undefined): number | undefined {
  if (word === undefined) return undefined;
  const value = /^\+?\d{1,10}$/.test(word.raw) ? Number(word.raw) : Infinity;
  if (value <= MAX_RETRIES) return value;
  reportFlag(scope, word, `"${word.raw}" is not a number of retries`, "write for example --retries=3");
  return undefined;
}

function reportFlag(scope: Scope, word: Word, message: string, fix: string): void {
  const flag = scope.flags.find(({ value }) => value === word.raw);
  scope.report({ rule: "InvalidHealthcheck", message, span: flag?.span ?? scope.rest, fix });
}

/** The type ends at any space (BuildKit parseHealthConfig). */
function splitType(span: Span): readonly [Span, Span] {
  const { text } = span;
  let end = 0;
  while (end < text.length && !isSpace(text.charAt(end))) end++;
  let next = end;
  while (next < text.length && isSpace(text.charAt(next))) next++;
  return [part(span, 0, end), part(span, next)];
}
