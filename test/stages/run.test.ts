import assert from "node:assert/strict";
import { test } from "node:test";
import { execOf, plan, problemsOf, refusal } from "../graph/planning.ts";

const argvs: readonly (readonly [name: string, text: string, argv: readonly string[]])[] = [
  ["gives the shell form to sh as it is written", "RUN echo $a  'b'", ["/bin/sh", "-c", "echo $a  'b'"]],
  ["takes the exec form as it is", 'RUN ["echo", "$a"]', ["echo", "$a"]],
  [
    "gives it to SHELL (rule 18)",
    'SHELL ["bash", "-o", "pipefail", "-c"]\nRUN a',
    ["bash", "-o", "pipefail", "-c", "a"],
  ],
  ["gives a lone heredoc to the shell (rule 7)", "RUN <<EOF\na $b\nEOF", ["/bin/sh", "-c", "a $b\n"]],
  [
    "puts a heredoc behind its line again where the line has more (rule 7)",
    "RUN cat <<EOF > /x\na $b\nEOF",
    ["/bin/sh", "-c", "cat <<EOF > /x\na $b\nEOF"],
  ],
  [
    "runs a script with #! as a file (rule 7)",
    "RUN <<EOF\n#!/bin/x\nEOF",
    ["/bin/sh", "-c", "/dev/pipes/EOF"],
  ],
];

for (const [name, text, argv] of argvs) {
  test(`planBuild() ${name}`, async () => {
    assert.deepEqual(execOf(await plan(`FROM debian\n${text}`)).argv, argv);
  });
}

test("planBuild() keeps the body of a script with #! for the step (rule 7)", async () => {
  const { scripts } = execOf(await plan("FROM debian\nRUN <<PY\n#!/usr/bin/python3\nprint(1)\nPY"));
  assert.deepEqual(scripts, [{ name: "PY", body: "#!/usr/bin/python3\nprint(1)\n" }]);
});

test("planBuild() gives RUN the directory, user and platform of its line", async () => {
  const text = "FROM --platform=linux/arm64 debian\nWORKDIR /a\nUSER 1000\nRUN x\nWORKDIR b\nUSER root";
  const { cwd, user, platform, network, security } = execOf(await plan(text));
  assert.deepEqual(
    { cwd, user, platform, network, security },
    {
      cwd: "/a",
      user: "1000",
      platform: { os: "linux", architecture: "arm64" },
      network: "default",
      security: "sandbox",
    },
  );
});

test("planBuild() takes --network and --security", async () => {
  const { network, security } = execOf(await plan("FROM debian\nRUN --network=none --security=insecure x"));
  assert.deepEqual([network, security], ["none", "insecure"]);
});

test("planBuild() says which value of --network or --security was meant", async () => {
  const error = await refusal("FROM debian\nRUN --network=hots x\nRUN --security=y x");
  assert.deepEqual(problemsOf(error), [
    "2: Cannot use --network=hots: it is not one of default, none, host",
    "3: Cannot use --security=y: it is not one of sandbox, insecure",
  ]);
  assert.equal(error.diagnostics[0]?.fix, 'did you mean "host"?');
});
