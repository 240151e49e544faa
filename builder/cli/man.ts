import { COMMON_FLAGS } from "./flags.ts";
import { flagDoc } from "./help.ts";
import type { Command, Flag, FlagTable } from "./types.ts";

type Listed = readonly { readonly name: string; readonly summary: string }[];

/** The page tsbuild(1): man(7), as groff and mandoc read it. */
export function generalPage(commands: Listed, version: string): string {
  return page("tsbuild", "turns a Dockerfile into an OCI image", version, [
    ...section("SYNOPSIS"),
    ".B tsbuild",
    "[\\fBbuild\\fR] [\\fIOPTIONS\\fR] \\fIPATH\\fR",
    ".br",
    ".B tsbuild",
    "\\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]",
    ...section("DESCRIPTION"),
    text(
      "tsbuild builds images without a daemon and without configuration: as root, as an ordinary user, or inside a container.",
    ),
    ...section("COMMANDS"),
    ...commands.flatMap(({ name, summary }) => [".TP", `.BR tsbuild-${escape(name)} (1)`, text(summary)]),
    ...section("EXIT STATUS"),
    ...term("0", "done"),
    ...term("1", "the build or the command failed"),
    ...term("2", "the command line is wrong"),
    ...term("3", "the network failed, or a registry answered with nonsense"),
    ...term("4", "a registry wants other credentials"),
    ...term("5", "a registry does not have it"),
    ...term("6", "a registry asks to come back later"),
    ...term("130", "interrupted"),
    ...section("ENVIRONMENT"),
    ...term("TSBUILD_ROOT", "where images and cache lie"),
    ...term("DOCKER_CONFIG", "the directory of config.json, with credentials of registries"),
    ...term("SOURCE_DATE_EPOCH", "seconds since 1970: the latest time that files of the image may have"),
    ...term("HTTP_PROXY, HTTPS_PROXY, NO_PROXY", "proxies for registries and downloads"),
    ...term("NO_COLOR, FORCE_COLOR", "whether output has colours"),
  ]);
}

/** The page tsbuild-COMMAND(1), from the table that the parser works by. */
export function commandPage(
  command: Pick<Command, "name" | "usage" | "summary" | "flags" | "examples">,
  version: string,
): string {
  const groups = new Map<string, (readonly [name: string, flag: Flag])[]>();
  for (const [name, flag] of Object.entries<Flag>({ ...command.flags, ...COMMON_FLAGS } as FlagTable)) {
    const group = flag.group ?? "Options";
    groups.set(group, [...(groups.get(group) ?? []), [name, flag]]);
  }
  return page(`tsbuild-${command.name}`, command.summary, version, [
    ...section("SYNOPSIS"),
    ...command.usage
      .split("\n")
      .flatMap((form, at) => [...(at === 0 ? [] : [".br"]), ".B tsbuild", text(form)]),
    ...section("OPTIONS"),
    ...[...groups].flatMap(([group, flags]) => [
      ...(groups.size === 1 ? [] : [`.SS ${escape(group)}`]),
      ...flags.flatMap(([name, flag]) => [".TP", flagTerm(name, flag), text(flagDoc(flag))]),
    ]),
    ...section("EXAMPLES"),
    ...command.examples.flatMap(([line, does]) => [".TP", `.B ${escape(line)}`, text(does)]),
    ...section("SEE ALSO"),
    ".BR tsbuild (1)",
  ]);
}

function page(name: string, summary: string, version: string, body: readonly string[]): string {
  const title = `.TH ${name.toUpperCase()} 1 "" "tsbuild ${version}" "User commands"`;
  const head = [title, ".SH NAME", `${escape(name)} \\- ${escape(summary)}`];
  return `${[...head, ...body].join("\n")}\n`;
}

function section(name: string): readonly string[] {
  return [`.SH ${name}`];
}

function term(name: string, doc: string): readonly string[] {
  return [".TP", `.B ${escape(name)}`, text(doc)];
}

function flagTerm(name: string, { short, value, bare }: Flag): string {
  const names = [...(short === undefined ? [] : [`-${short}`]), `--${name}`].map(
    (one) => `\\fB${escape(one)}\\fR`,
  );
  if (value === undefined) return names.join(", ");
  const shown = `\\fI${escape(value)}\\fR`;
  return names.join(", ") + (bare === undefined ? ` ${shown}` : `[=${shown}]`);
}

/** A line of text: a dot or a quote at its start would make it a request. */
function text(words: string): string {
  return escape(words).replace(/^(?=[.'])/, "\\&");
}

/** groff(7): a bare hyphen is a typographic one, which nobody can search for or paste. */
function escape(words: string): string {
  return words.replace(/\\/g, "\\e").replace(/-/g, "\\-");
}
