import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import type { GitOp, HttpOp } from "../../builder/graph/types.ts";
import { printGraph } from "../../builder/graph/print.ts";
import { copyOf, historyOf, namesOf, opsOf, plan, problemsOf, refusal } from "../graph/planning.ts";

const digest = sha256("x");
const https = "https://example.com";

const downloads: readonly (readonly [name: string, line: string, op: Omit<HttpOp, "type">])[] = [
  [
    "names the file after the path",
    `ADD ${https}/d/a.tgz?x=1 /`,
    { url: `${https}/d/a.tgz?x=1`, filename: "a.tgz" },
  ],
  ["decodes the name", `ADD ${https}/a%20b /`, { url: `${https}/a%20b`, filename: "a b" }],
  ["takes no slash out of a name", `ADD ${https}/d/..%2Fa /`, { url: `${https}/d/..%2Fa`, filename: "a" }],
  ["has a name where the path has none", `ADD ${https} /`, { url: https, filename: "__unnamed__" }],
  [
    "never names a file ..",
    `ADD ${https}/a/%2E%2E%2F.. /`,
    { url: `${https}/a/%2E%2E%2F..`, filename: "__unnamed__" },
  ],
  [
    "expands URL and checksum (rule 10)",
    `ADD --checksum=$sum ${https}/$name /`,
    { url: `${https}/app`, filename: "app", checksum: digest },
  ],
];

for (const [name, line, expected] of downloads) {
  test(`ADD of a URL ${name} (rule 36)`, async () => {
    const graph = await plan(`FROM debian\nARG sum=${digest} name=app\n${line}`);
    assert.deepEqual(opsOf(graph, "http"), [{ type: "http", ...expected }]);
    assert.deepEqual(copyOf(graph).sources, [
      { from: "remote", input: 1, path: expected.filename, unpack: false },
    ]);
  });
}

const BARE = { type: "git", keepGitDir: false, submodules: true } as const;
const repositories: readonly (readonly [
  line: string,
  op: Omit<GitOp, "type" | "keepGitDir" | "submodules"> & Partial<GitOp>,
])[] = [
  [`ADD ${https}/r.git /`, { remote: `${https}/r.git` }],
  [`ADD ${https}/r.git#v1:a/b /`, { remote: `${https}/r.git`, ref: "v1", subdir: "a/b" }],
  ["ADD git@example.com:a/b#main /", { remote: "git@example.com:a/b", ref: "main" }],
  ["ADD ssh://git@example.com/a /", { remote: "ssh://git@example.com/a" }],
  ["ADD --keep-git-dir git://example.com/a /", { remote: "git://example.com/a", keepGitDir: true }],
  [
    `ADD --checksum=abcdef0 ${https}/r.git#v1 /`,
    { remote: `${https}/r.git`, ref: "v1", checksum: "abcdef0" },
  ],
  [
    `ADD ${https}/r.git?tag=v1&subdir=x&checksum=abcdef0&keep-git-dir=1&submodules=false /`,
    {
      remote: `${https}/r.git`,
      ref: "refs/tags/v1",
      subdir: "x",
      checksum: "abcdef0",
      keepGitDir: true,
      submodules: false,
    },
  ],
];

for (const [line, expected] of repositories) {
  test(`planBuild() takes a repository: ${line}`, async () => {
    const graph = await plan(`FROM debian\n${line}`);
    assert.deepEqual(opsOf(graph, "git"), [{ ...BARE, ...expected }]);
    assert.deepEqual(copyOf(graph).sources, [{ from: "remote", input: 1, path: "", unpack: false }]);
  });
}

test("ADD unpacks a download only where --unpack says so (rule 36)", async () => {
  const op = copyOf(await plan(`FROM debian\nADD --unpack ${https}/a.tgz b.tgz /`));
  assert.deepEqual(op.sources[0], { from: "remote", input: 1, path: "a.tgz", unpack: true });
  assert.equal(op.unpack, true);
});

test("one URL that two stages add is one download", async () => {
  const graph = await plan(
    `FROM debian AS a\nADD ${https}/f /\nFROM debian\nCOPY --from=a / /\nADD ${https}/f /g`,
  );
  assert.equal(opsOf(graph, "http").length, 1);
});

test("credentials of a URL are in no name, no history and no printed graph", async () => {
  const graph = await plan(
    "FROM debian\nARG T=geheim\nADD https://u:$T@example.com/f https://u:geheim@example.com/r.git /d/",
  );
  assert.equal(opsOf(graph, "http")[0]?.url, "https://u:geheim@example.com/f");
  const shown = [
    ...namesOf(graph),
    ...historyOf(graph).filter((line) => line.startsWith("ADD")),
    printGraph(graph),
  ];
  assert.doesNotMatch(shown.join("\n").replaceAll("T=geheim", ""), /geheim/);
});

const wrong: readonly (readonly [line: string, problem: string])[] = [
  [`COPY ${https}/a /a`, `Cannot copy "${https}/a": COPY takes no URLs`],
  ["COPY git@example.com:a/b.git /a", 'Cannot copy "git@example.com:a/b.git": COPY takes no URLs'],
  ["ADD --checksum=sha256:00 a /a", "Cannot use --checksum: no source is a URL"],
  [`ADD --checksum=${digest} ${https}/a b /a`, "Cannot use --checksum: there are several sources"],
  [`ADD --checksum=sha256:00 ${https}/a /a`, "Cannot use --checksum=sha256:00: it is not a digest"],
  [`ADD --checksum=${digest} ${https}/a.git /a`, `Cannot use --checksum=${digest}: it is not a commit`],
  [
    `ADD --checksum=abcdef1 ${https}/a.git?checksum=abcdef0 /a`,
    `Cannot add "${https}/a.git?checksum=abcdef0": --checksum and the URL contradict each other`,
  ],
  [
    `ADD ${https}/a.git#--upload-pack=x /a`,
    `Cannot use git URL "${https}/a.git#--upload-pack=x": "--upload-pack=x" cannot be the name of a branch, a tag or a commit`,
  ],
  [
    `ADD ${https}/a.git#main:../x /a`,
    `Cannot use git URL "${https}/a.git#main:../x": "../x" cannot be a directory in the repository`,
  ],
];

for (const [line, problem] of wrong) {
  test(`planBuild() refuses ${line}`, async () => {
    assert.deepEqual(problemsOf(await refusal(`FROM debian\n${line}`)), [`2: ${problem}`]);
  });
}

test("a checksum in upper case is the same checksum", async () => {
  const graph = await plan(
    `FROM debian\nADD --checksum=${digest.toUpperCase().replace("SHA256", "sha256")} ${https}/a /`,
  );
  assert.equal(opsOf(graph, "http")[0]?.checksum, digest);
});
