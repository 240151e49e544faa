import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { codeFrame } from "../../builder/core/diagnostic.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { printGraph } from "../../builder/graph/print.ts";
import { plan } from "./planning.ts";

const word = fc.constantFrom(
  ...'a b / ../x . $a ${a:-b} ${a:?} ${ $1 \'q\' "q [x] ["a"] <<E -1 0 99 __proto__ scratch debian \\ `'.split(
    " ",
  ),
);
const flag = fc.constantFrom(
  ..."--from=a --from=0 --from=9 --from=$a --chmod=755 --chmod=z --chown=$a --link --parents --exclude=* --platform=x".split(
    " ",
  ),
  ...'--mount= --mount=type=cache --mount=type=secret,id=a --mount=from=a,target=x --mount=a"b --network=x'.split(
    " ",
  ),
);
const keyword = fc.constantFrom(
  ..."FROM RUN COPY ADD ENV ARG LABEL WORKDIR USER EXPOSE VOLUME CMD ENTRYPOINT SHELL STOPSIGNAL HEALTHCHECK ONBUILD MAINTAINER".split(
    " ",
  ),
  "ONBUILD RUN",
  "ONBUILD COPY",
  "HEALTHCHECK CMD",
);
const line = fc
  .tuple(keyword, fc.array(flag, { maxLength: 1 }), fc.array(word, { maxLength: 3 }))
  .map(([keyword, flags, words]) => [keyword, ...flags, ...words].join(" "));
const file = fc
  .array(fc.oneof({ weight: 6, arbitrary: line }, fc.constantFrom("FROM debian AS a", "FROM a", "E")), {
    maxLength: 8,
  })
  .map((lines) => ["FROM debian", ...lines].join("\n"));

test("planBuild() plans any Dockerfile, or says what is wrong with it and where", async () => {
  await fc.assert(
    fc.asyncProperty(file, async (text) => {
      try {
        assert.ok(printGraph(await plan(text, { buildArgs: { a: "v" } })).endsWith("}\n"));
      } catch (error) {
        assert.ok(error instanceof TsbuildError, String(error));
        assert.notEqual(error.code, "INTERNAL");
        const last = text.split("\n").length - 1;
        for (const { source, range } of error.diagnostics) {
          assert.ok(range.start.line >= 0 && range.start.line <= last);
          assert.match(codeFrame(source, range), /^Dockerfile:\d+\n/);
        }
      }
    }),
    { numRuns: 1000 },
  );
});
