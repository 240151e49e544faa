import * as fc from "fast-check";

const PARTS = [
  "\n",
  "\n",
  "\n",
  "\r\n",
  "\r",
  " ",
  "\t",
  "\\",
  "\\\n",
  "`",
  "`\n",
  "\\ \n",
  "#",
  "# c",
  "# escape=`\n",
  "# syntax=x\n",
  "FROM ",
  "from a AS b",
  "RUN ",
  "COPY ",
  "ADD ",
  "ENV ",
  "ARG ",
  "ONBUILD ",
  "LABEL ",
  "CMD ",
  "SHELL ",
  "HEALTHCHECK ",
  "EXPOSE ",
  "VOLUME ",
  "USER ",
  "WORKDIR ",
  "STOPSIGNAL ",
  "MAINTAINER ",
  "ENTRYPOINT ",
  "RNU ",
  "--from=x ",
  "--mount=type=cache ",
  "--link ",
  "--",
  "<<EOF",
  "<<-E",
  "<<'E' ",
  "EOF",
  "E\n",
  "EOF\n",
  "a",
  "b=c ",
  '"',
  "'",
  "[",
  "]",
  '["a"]',
  "${",
  "}",
  "$x",
  ":-",
  "\ufeff",
  "\u00a0",
  "\u2028",
  "\v",
  "\f",
  "\0",
  "😀",
  "\ud800",
  "{",
  ",",
  "1",
  "CMD",
  "NONE",
];

/** Texts that are made of what Dockerfiles are made of, in any order. */
export const arbitraryDockerfile: fc.Arbitrary<string> = fc
  .array(
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...PARTS) }, { weight: 1, arbitrary: fc.string() }),
    {
      maxLength: 60,
    },
  )
  .map((parts) => parts.join(""));

const WORDS = [
  "a",
  "B=c",
  "'q r'",
  'k="x \\" y"',
  "$v",
  "${v:-d}",
  "e\\ f",
  "g\\\n  # comment\n  h",
  "[x]",
  "é\u00a0é",
  "#n",
  "--w=1",
  "--",
  "/dir/",
  "`",
  "80/tcp",
  "\t",
];
const COPY_FLAGS = [
  "--from=a",
  "--chown='b c'",
  '--chmod="6"44',
  "--exclude=a\\ b",
  "--exclude=c",
  "--link",
  "--link=FALSE",
  "--parents",
];
const RUN_FLAGS = ["--mount=type=cache,target=/c", "--mount='type=bind,\"target=/a,b\"'", "--network=none"];
const JSON_WORDS = ["a", "", "b c", 'd"e', "\\", "é", "<<E", "\n", "[", "$v"];
const BODIES = ["", "a\n", "\t$v 'b'\n\n", "#!/bin/x\ny\n", "x\r\n", "E \n", "\u2028\ty\n"];
const STARTS = ["<<E", "<<-E", "<<'E'", '3<<"E"', "cat <<E > /f"];

const words = fc.array(fc.constantFrom(...WORDS), { maxLength: 4 }).map((list) => list.join(" "));
const json = fc.array(fc.constantFrom(...JSON_WORDS), { maxLength: 4 }).map((list) => JSON.stringify(list));
const rest = fc.oneof({ weight: 3, arbitrary: words }, json);

function line(keywords: readonly string[], flags: readonly string[]): fc.Arbitrary<string> {
  const some = fc.subarray([...flags], { maxLength: Math.min(flags.length, 3) });
  return fc
    .tuple(fc.constantFrom(...keywords), some, rest)
    .map(([keyword, flags, rest]) => [keyword, ...flags, rest].join(" "));
}

const heredoc = fc
  .tuple(fc.constantFrom("RUN", "ONBUILD RUN"), fc.constantFrom(...STARTS), fc.constantFrom(...BODIES))
  .map(([keyword, start, body]) => `${keyword} ${start}\n${body}E`);
const inline = fc
  .tuple(fc.constantFrom("COPY", "ADD --chmod=644"), fc.constantFrom(...BODIES), fc.constantFrom(...BODIES))
  .map(([keyword, one, two]) => `${keyword} <<E a <<-'E' /d/\n${one}E\n${two}E`);

/** Dockerfiles of lines that are mostly right. */
export const arbitraryLines: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("", "# escape=`\n", "# syntax=x\n# check=skip=all\n"),
    fc.array(
      fc.oneof(
        line(["COPY", "ADD", "copy"], COPY_FLAGS),
        line(["RUN"], RUN_FLAGS),
        line(["CMD", "ENTRYPOINT", "SHELL", "HEALTHCHECK CMD", "ONBUILD CMD", "VOLUME", "EXPOSE"], []),
        line(["ENV", "ENV", "LABEL", "ARG", "USER", "WORKDIR", "STOPSIGNAL", "MAINTAINER"], []),
        line(["HEALTHCHECK --interval=1m30s --timeout=5s --retries=3 CMD"], []),
        fc.constantFrom("FROM --platform=$P a AS b-1", "FROM a", "HEALTHCHECK NONE", "# comment", "#", ""),
        heredoc,
        inline,
      ),
      { maxLength: 12 },
    ),
  )
  .map(([directives, lines]) => `${directives}FROM a\n${lines.join("\n")}\n`);
