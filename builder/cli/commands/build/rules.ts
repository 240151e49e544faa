/** BuildKit's rules, in the order of its ruleset.go, each in one sentence. */
const RULES: ReadonlyMap<string, string> = new Map([
  ["StageNameCasing", "Names of stages are in lower case"],
  ["FromAsCasing", "AS is in the case of FROM"],
  ["NoEmptyContinuation", "No empty line stands inside an instruction"],
  ["ConsistentInstructionCasing", "All keywords are in one case"],
  ["DuplicateStageName", "Each stage has a name of its own"],
  ["ReservedStageName", "No stage has a name that means something else"],
  ["JSONArgsRecommended", "CMD and ENTRYPOINT are in JSON form, so that signals reach the program"],
  ["MaintainerDeprecated", "A label names the author, not MAINTAINER"],
  ["UndefinedArgInFrom", "FROM uses ARGs that are declared above the first FROM"],
  ["WorkdirRelativePath", "The first WORKDIR is absolute"],
  ["UndefinedVar", "Variables are set before they are used"],
  ["MultipleInstructionsDisallowed", "A stage has one CMD, one ENTRYPOINT and one HEALTHCHECK"],
  ["LegacyKeyValueFormat", "ENV and LABEL have an equals sign"],
  ["InvalidBaseImagePlatform", "The base image is for the platform of the build"],
  ["RedundantTargetPlatform", "FROM does not say --platform=$TARGETPLATFORM, which holds without it"],
  ["SecretsUsedInArgOrEnv", "No secret is in ARG or ENV"],
  ["InvalidDefaultArgInFrom", "FROM names an image with the defaults of its ARGs"],
  ["FromPlatformFlagConstDisallowed", "FROM --platform is no constant"],
  ["CopyIgnoredFile", "COPY and ADD take nothing that an ignore file hides"],
  [
    "InvalidDefinitionDescription",
    "A comment right above ARG or FROM begins with the name that it describes",
  ],
  ["ExposeProtoCasing", "The protocol of EXPOSE is in lower case"],
  ["ExposeInvalidFormat", "EXPOSE has neither an address nor a host port"],
]);

/** What a rule asks for; undefined for one of tsbuild's own. */
export function descriptionOfRule(rule: string): string | undefined {
  return RULES.get(rule);
}

/** Docker's page on a rule, as BuildKit links it. */
export function urlOfRule(rule: string): string | undefined {
  if (!RULES.has(rule)) return undefined;
  const page = rule.replace(/([a-z])([A-Z])|([A-Z]+)([A-Z][a-z])/g, (_all, a, b, c, d) =>
    a === undefined ? `${c}-${d}` : `${a}-${b}`,
  );
  return `https://docs.docker.com/go/dockerfile/rule/${page.toLowerCase()}/`;
}
