import type { DryBuild } from "../support/dry-builds.ts";

/** What changed from one build to the next. */
export interface Scene {
  readonly what: string;
  readonly before: DryBuild;
  readonly after: DryBuild;
}

const BASE: DryBuild = {
  dockerfile: `FROM debian AS builder
ARG V=1
ENV A=1
WORKDIR /app
COPY src/ /app/
RUN make $V
FROM debian
COPY --from=builder /app/a /a
RUN check
`,
  files: {
    "src/a": "a\n",
    "src/b.sh": "b\n",
    "src/link": { link: "a" },
    "src/sub/c": "c\n",
  },
  stageFiles: { "app/a": "made\n" },
};

/** The same build with other lines; each must be there. */
function edited(...edits: readonly (readonly [from: string, to: string])[]): DryBuild {
  let { dockerfile } = BASE;
  for (const [from, to] of edits) {
    if (!dockerfile.includes(from)) throw new Error(`there is no ${from}`);
    dockerfile = dockerfile.replace(from, to);
  }
  return { ...BASE, dockerfile };
}

function withFiles(files: NonNullable<DryBuild["files"]>): DryBuild {
  return { ...BASE, files: { ...BASE.files, ...files } };
}

function scene(what: string, after: DryBuild, before: DryBuild = BASE): Scene {
  return { what, before, after };
}

const HEREDOC = "RUN <<EOF\none\nEOF";
const BOUND = "RUN --mount=type=bind,source=src,target=/src make $V";

/** Every kind of reason that a change can have. */
export const SCENES: readonly Scene[] = [
  scene("base image changed", { ...BASE, images: { debian: { version: "2" } } }),
  scene("another base image", edited(["FROM debian\n", "FROM alpine\n"])),
  scene("SHELL", edited(["RUN check", 'SHELL ["/bin/bash", "-ec"]\nRUN check'])),
  scene("ENV", edited(["ENV A=1", "ENV A=2"])),
  scene("ENV that is new, and one that is gone", edited(["ENV A=1", "ENV B=1"])),
  scene("ARG", { ...BASE, options: { buildArgs: { V: "2" } } }),
  scene("a value with spaces", edited(["ENV A=1", 'ENV A="two  words"'])),
  scene("--chmod and --chown that are new", edited(["COPY src/", "COPY --chmod=755 --chown=5 src/"])),
  scene("USER", edited(["RUN make", "USER 5\nRUN make"])),
  scene("WORKDIR", edited(["WORKDIR /app", "WORKDIR /srv"])),
  scene("the command", edited(["RUN check", "RUN check --all"])),
  scene("--network", edited(["RUN check", "RUN --network=none check"])),
  scene("a heredoc", edited(["RUN check", HEREDOC.replace("one", "two")]), edited(["RUN check", HEREDOC])),
  scene("an instruction in between", edited(["RUN check", "RUN before\nRUN check"])),
  scene("an instruction that is gone", BASE, edited(["RUN check", "RUN before\nRUN check"])),
  scene("content of a file", withFiles({ "src/a": "A\n" })),
  scene("mode of a file", withFiles({ "src/b.sh": { data: "b\n", mode: 0o755 } })),
  scene("where a link leads", withFiles({ "src/link": { link: "b.sh" } })),
  scene("a file that is a link now", withFiles({ "src/a": { link: "b.sh" } })),
  scene("files that are new", withFiles({ "src/n1": "", "src/n2": "", "src/n3": "", "src/sub/n4": "" })),
  scene("a file that is gone", BASE, withFiles({ "src/old": "" })),
  scene(
    "an attribute",
    withFiles({ "src/a": { data: "a\n", xattrs: { "security.capability": "x" as never } } }),
  ),
  scene("what a stage made", { ...edited(["make", "remake"]), stageFiles: { "app/a": "remade\n" } }),
  scene("owner of what a stage made", {
    ...edited(["make", "remake"]),
    stageFiles: { "app/a": { data: "made\n", uid: 7, gid: 8 } },
  }),
  scene("a stage that comes out equal", edited(["make", "remake"])),
  scene("--chown", edited(["COPY src", "COPY --chown=5:6 src"])),
  scene(
    "a bound file",
    { ...edited(["RUN make $V", BOUND]), files: { ...BASE.files, "src/a": "A\n" } },
    edited(["RUN make $V", BOUND]),
  ),
  scene("the platform", {
    ...BASE,
    options: { targetPlatform: { os: "linux", architecture: "arm64" }, explicitPlatform: true },
  }),
  scene("nothing", BASE),
];
