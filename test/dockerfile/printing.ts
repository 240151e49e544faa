import { unreachable } from "../../builder/core/errors.ts";
import { splitWords } from "../../builder/dockerfile/words.ts";
import type {
  Command,
  CopyInstruction,
  Dockerfile,
  Flag,
  HealthcheckInstruction,
  Heredoc,
  Instruction,
  KeyValue,
  Word,
} from "../../builder/dockerfile/types.ts";

type Escape = Dockerfile["directives"]["escape"];

/** A Dockerfile with these instructions: directives, a blank line that ends their zone, one line for each instruction. */
export function printDockerfile({ directives, instructions }: Dockerfile): string {
  const { escape } = directives;
  const lines = Object.entries(directives).map(([name, value]) => `# ${name}=${value}`);
  for (const instruction of instructions) {
    // An empty comment keeps this instruction's comments from those above it.
    lines.push("#", ...instruction.comments.map((comment) => `# ${comment}`), print(instruction, escape));
  }
  return `${lines.join("\n")}\n`;
}

function print(one: Instruction, escape: Escape): string {
  const keyword = one.kind.toUpperCase();
  const line = (rest: string, flags: readonly string[] = []): string => {
    // What begins like a flag is none behind `--`; what ends in an escape character goes on, but for a space that BuildKit
    // trims and does not look over for it.
    const words = rest.startsWith("--") ? [...flags, "--", rest] : [...flags, rest];
    return [keyword, ...words].join(" ") + (rest.endsWith(escape) ? "\u00a0" : "");
  };
  switch (one.kind) {
    case "from":
      return line(
        `${one.image.raw}${one.as === undefined ? "" : ` AS ${one.as}`}`,
        valued("platform", one.platform),
      );
    case "arg":
      return line(one.args.map(printArg).join(" "));
    case "env":
    case "label":
      return line(printPairs(one.pairs, escape));
    case "run":
      return line(printCommand(one.command), one.flags.map(printFlag)) + printBodies(one.heredocs);
    case "copy":
    case "add":
      return line(printPaths(one, escape), copyFlags(one)) + printBodies(one.heredocs);
    case "workdir":
      return line(one.path.raw);
    case "user":
      return line(one.user.raw);
    case "stopsignal":
      return line(one.signal.raw);
    case "maintainer":
      return line(one.name);
    case "cmd":
    case "entrypoint":
      return line(printCommand(one.command));
    case "shell":
      return line(JSON.stringify(one.argv));
    case "expose":
      return line(printWords(one.ports));
    case "volume":
      return line(JSON.stringify(one.paths.map(({ raw }) => raw)));
    case "healthcheck":
      return one.check.type === "none"
        ? line("NONE")
        : line(`CMD ${printCommand(one.check.command)}`, healthcheckFlags(one.check));
    case "onbuild":
      return `${keyword} ${one.trigger}`;
    default:
      return unreachable(one);
  }
}

function printArg({ key, value }: KeyValue): string {
  return value === undefined ? key.raw : `${key.raw}=${value.raw}`;
}

/** The old form is the only one for a value with spaces that nothing quotes; its name may end in an escaped space. */
function printPairs(pairs: readonly Required<KeyValue>[], escape: Escape): string {
  const text = pairs.map(printArg).join(" ");
  const words = splitWords({ text, at: 0 }, escape).map((word) => word.text);
  const [first] = pairs;
  const same = words.join("\n") === pairs.map(printArg).join("\n") && !first?.key.raw.includes("=");
  return same || first === undefined ? text : `${first.key.raw} \t${first.value.raw}`;
}

function printCommand(command: Command): string {
  return command.form === "exec" ? JSON.stringify(command.argv) : command.text;
}

/** A flag's quotes and backslashes are resolved as it is read, whatever the escape character is. */
function printFlag({ name, value }: Pick<Flag, "name" | "value">): string {
  return value === undefined ? `--${name}` : `--${name}=${value.raw.replace(/[\\'"\s\x85]/g, "\\$&")}`;
}

function valued(name: string, value: Word | undefined): string[] {
  return value === undefined ? [] : [printFlag({ name, value })];
}

function copyFlags(one: CopyInstruction): string[] {
  const { from, chown, chmod, checksum, keepGitDir, unpack } = one;
  return [
    ...valued("from", from),
    ...valued("chown", chown),
    ...valued("chmod", chmod),
    ...valued("checksum", checksum),
    ...one.exclude.flatMap((word) => valued("exclude", word)),
    ...(one.link ? ["--link"] : []),
    ...(one.parents ? ["--parents=true"] : []),
    ...(keepGitDir === undefined ? [] : [`--keep-git-dir=${keepGitDir}`]),
    ...(unpack === undefined ? [] : [`--unpack=${unpack}`]),
  ];
}

function printPaths({ sources, heredocs, dest }: CopyInstruction, escape: Escape): string {
  const words = [...sources, dest].map(({ raw }) => raw);
  const plain = words.every((word) => !/^\[|^<|^\d+<<|[\s"']|^$/.test(word)) && !dest.raw.endsWith(escape);
  if (!plain && heredocs.length === 0) return JSON.stringify(words);
  return [...sources.map(({ raw }) => raw), ...heredocs.map(printStart), dest.raw].join(" ");
}

function printStart({ fd, chomp, name, expand }: Heredoc): string {
  const word = expand ? name.replace(/[\\'"\s$]/g, "\\$&") : `"${name.replace(/[\\"$]/g, "\\$&")}"`;
  return `${fd === 0 ? "" : fd}<<${chomp ? "-" : ""}${word}`;
}

function printBodies(heredocs: readonly Heredoc[]): string {
  return heredocs.map(({ body, name }) => `\n${body}${name}`).join("");
}

function printWords(words: readonly Word[]): string {
  return words.map(({ raw }) => raw).join(" ");
}

function healthcheckFlags(check: Extract<HealthcheckInstruction["check"], { type: "cmd" }>): string[] {
  const durations = {
    interval: check.interval,
    timeout: check.timeout,
    "start-period": check.startPeriod,
    "start-interval": check.startInterval,
  };
  const flags = Object.entries(durations).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}ns`],
  );
  return check.retries === undefined ? flags : [...flags, `--retries=${check.retries}`];
}
