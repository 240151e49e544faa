import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./project.ts";

const FOLDER = join(projectRoot, "fixtures/differential");
/** The time that every file of a context has; what a build makes is newer than anything. */
const CONTEXT_TIME = "@1000000000";

/** A Dockerfile that two builders build, from comments in it that make its context and name its differences. */
export interface Case {
  readonly name: string;
  /** `#$ command`: run by a shell in the empty context. */
  readonly setup: readonly string[];
  /** `#> flags`: of the build. */
  readonly flags: readonly string[];
  /** `#! pattern # reason`: lines that come out differently in the old BuildKit of Debian's docker. */
  readonly outdated: readonly RegExp[];
  readonly text: string;
}

/** All of them; `base` is what the others are built on. */
export function cases(): readonly Case[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".Dockerfile"))
    .sort()
    .map((file) => {
      const text = readFileSync(join(FOLDER, file), "utf8");
      const marked = (mark: string): string[] =>
        text.split("\n").flatMap((line) => (line.startsWith(mark) ? [line.slice(mark.length)] : []));
      return {
        name: file.replace(/\.Dockerfile$/, ""),
        setup: marked("#$ "),
        flags: marked("#> ").flatMap((line) => line.split(" ")),
        outdated: marked("#! ").map((line) => new RegExp(line.replace(/ # .*$/, ""))),
        text,
      };
    });
}

/** Makes the context in a new directory. */
export function makeContext({ setup, text }: Case, directory: string): void {
  mkdirSync(directory);
  for (const command of setup) execFileSync("sh", ["-ec", command], { cwd: directory });
  writeFileSync(join(directory, "Dockerfile"), text);
  execFileSync("find", [".", "-exec", "touch", "-h", "-d", CONTEXT_TIME, "{}", "+"], { cwd: directory });
}

/**
 * A line of list-tree.ts as it does not depend on when it was built: times of directories are those of what was put in
 * them last, and those of the build are any.
 */
export function timeless(line: string, started: number): string {
  return line.replace(/ @(-?\d+)/, (time, seconds: string) => {
    const stays = !/ d [0-7]{4} /.test(line) && Number(seconds) < started - 60;
    return stays || Number(seconds) > started + 86_400 ? time : "";
  });
}

/** What is set in an image's config, in words; docker also lists what is not. */
export function configLines(config: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(config)
    .filter(([, value]) => value !== null && value !== "" && value !== false)
    .filter(([, value]) => typeof value !== "object" || Object.keys(value ?? {}).length > 0)
    .map(([key, value]) => `config ${key} ${JSON.stringify(value)}`)
    .sort();
}

/**
 * What the history says of each step, the first one first. Texts of these instructions are different in every version of
 * BuildKit; --chown and --chmod came into them later.
 */
export function historyLines(newestFirst: readonly string[]): string[] {
  return (
    newestFirst
      .toReversed()
      // docker history shows tabs as spaces.
      .map((text) => text.replace(/^(ADD|COPY)( --ch\w+=\S+)+/, "$1").replaceAll("\t", " "))
      .map((text, at) => `history ${at} ${text}`)
      .filter((line) => !/^history \d+ (HEALTHCHECK|EXPOSE|ARG) /.test(line))
  );
}
