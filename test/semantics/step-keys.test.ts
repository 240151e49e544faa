import assert from "node:assert/strict";
import { test } from "node:test";
import { DryBuilds, type DryBuild } from "../support/dry-builds.ts";

/** What becomes of the steps of the second of two builds on one store. */
async function second(before: DryBuild, after: DryBuild): Promise<string> {
  using builds = new DryBuilds();
  await builds.build(before);
  return (await builds.outcomes(after)).map((line) => line.split(" ", 1)[0]).join(" ");
}

function lines(...more: readonly string[]): DryBuild {
  return { dockerfile: `${["FROM debian", ...more].join("\n")}\n`, files: { "src/a": "a", "src/b": "b" } };
}

const RUN = lines("RUN make");
const at = (name: string, host: string): DryBuild => ({
  ...RUN,
  sandbox: { hosts: [{ name, address: host }] as never },
});
const arm = { targetPlatform: { os: "linux", architecture: "arm64" }, explicitPlatform: true };

/** Rule 39: two builds with one RUN each, and whether the second one is the same to it. */
const RUNS: readonly (readonly [what: string, before: DryBuild, after: DryBuild, hit: boolean])[] = [
  ["its words", RUN, lines("RUN make all"), false],
  ["the shell", RUN, lines('SHELL ["/bin/bash", "-c"]', "RUN make"), false],
  ["shell form or exec form", RUN, lines('RUN ["make"]'), false],
  ["a variable", RUN, lines("ENV A=1", "RUN make"), false],
  ["a variable's value", lines("ENV A=1", "RUN make"), lines("ENV A=2", "RUN make"), false],
  ["the order of variables", lines("ENV A=1 B=2", "RUN make"), lines("ENV B=2 A=1", "RUN make"), false],
  ["an argument in scope that it does not name", RUN, lines("ARG V=1", "RUN make"), false],
  ["an argument after it", RUN, lines("RUN make", "ARG V=1"), true],
  ["an argument that nothing declares", RUN, { ...RUN, options: { buildArgs: { V: "2" } } }, true],
  [
    "a proxy",
    RUN,
    { ...RUN, options: { buildArgs: { HTTP_PROXY: "http://p:1", no_proxy: "x", ALL_PROXY: "y" } } },
    true,
  ],
  [
    "a proxy that is declared",
    lines("ARG HTTP_PROXY", "RUN make"),
    { ...lines("ARG HTTP_PROXY", "RUN make"), options: { buildArgs: { HTTP_PROXY: "http://p:1" } } },
    false,
  ],
  ["the user", RUN, lines("USER 5", "RUN make"), false],
  ["the platform", RUN, { ...RUN, options: arm }, false],
  ["a host's name", at("a", "1.1.1.1"), at("b", "1.1.1.1"), false],
  ["a host's address", at("a", "1.1.1.1"), at("a", "2.2.2.2"), true],
  ["the network", RUN, lines("RUN --network=none make"), false],
  ["security", RUN, lines("RUN --security=insecure make"), false],
  ["labels", RUN, lines("LABEL a=b", "RUN make"), true],
  ["what the image is to run", RUN, lines("CMD x", "EXPOSE 1", "STOPSIGNAL 9", "RUN make"), true],
  ["a secret", RUN, lines("RUN --mount=type=secret,id=s make"), false],
  [
    "a secret's id",
    lines("RUN --mount=type=secret,id=s make"),
    lines("RUN --mount=type=secret,id=t make"),
    false,
  ],
  ["ssh", RUN, lines("RUN --mount=type=ssh make"), false],
  [
    "which ssh agent",
    lines("RUN --mount=type=ssh,id=one make"),
    lines("RUN --mount=type=ssh,id=two,mode=0666 make"),
    true,
  ],
  [
    "a cache mount's id and sharing",
    lines("RUN --mount=type=cache,target=/c make"),
    lines("RUN --mount=type=cache,target=/c,id=other,sharing=locked,mode=0700,uid=5 make"),
    true,
  ],
  [
    "where a cache mount is",
    lines("RUN --mount=type=cache,target=/c make"),
    lines("RUN --mount=type=cache,target=/d make"),
    false,
  ],
  [
    "the size of a tmpfs",
    lines("RUN --mount=type=tmpfs,target=/t make"),
    lines("RUN --mount=type=tmpfs,target=/t,size=1g make"),
    false,
  ],
  ["a heredoc", lines("RUN <<E", "a", "E"), lines("RUN <<E", "b", "E"), false],
  ["another image", RUN, { ...RUN, dockerfile: "FROM alpine\nRUN make\n" }, false],
  [
    "another tag of equal layers",
    { ...RUN, images: { debian: { version: "2" } } },
    { ...RUN, images: { debian: { version: "2", config: { Labels: { a: "b" } }, author: "x" } } },
    true,
  ],
];

for (const [what, before, after, hit] of RUNS) {
  test(`rule 39: the key of a RUN ${hit ? "has nothing of" : "tells"} ${what}`, async () => {
    assert.equal(await second(before, after), hit ? "cached" : "ran");
  });
}

const BIND = lines("RUN --mount=type=bind,source=src,target=/s make");
const changed = (build: DryBuild, files: DryBuild["files"]): DryBuild => ({
  ...build,
  files: { ...build.files, ...files },
});

test("rule 39: what is bound counts by the content of that part alone, written to or not", async () => {
  assert.equal(await second(BIND, changed(BIND, { other: "x" })), "cached");
  assert.equal(await second(BIND, changed(BIND, { "src/a": "A" })), "ran");
  assert.equal(await second(BIND, changed(BIND, { "src/a": { data: "a", mtime: 7 } })), "cached");
  const writable = lines("RUN --mount=type=bind,source=src,target=/s,rw make");
  assert.equal(await second(writable, changed(writable, { "src/a": "A" })), "ran");
  assert.equal(await second(BIND, writable), "ran");
});

function bound(make: string): DryBuild {
  return {
    dockerfile: `FROM debian AS made\nRUN ${make}\nFROM debian\nRUN --mount=from=made,source=/out,target=/o use\n`,
    stageFiles: { "out/f": "1" },
  };
}

test("rule 39: a stage that is bound counts by content, and what stands on it by its key", async () => {
  assert.equal(await second(bound("make"), bound("remake")), "ran cached");
  const other = { ...bound("remake"), stageFiles: { "out/f": "2" } };
  assert.equal(await second(bound("make"), other), "ran ran");
});

test("rule 39: a step stands on the keys of those before it, not on what they came to", async () => {
  assert.equal(await second(lines("RUN a", "RUN b"), lines("RUN a ", "RUN b")), "cached cached");
  assert.equal(await second(lines("RUN a", "RUN b"), lines("RUN true", "RUN b")), "ran ran");
});

test("rule 40: --chown by name and the destination are the base's, which is in the key of a COPY by its key", async () => {
  const copy = lines("COPY --chown=app src/a /d/");
  assert.equal(await second(copy, { ...copy, images: { debian: { version: "2" } } }), "ran");
  assert.equal(await second(copy, lines("COPY --chown=1:2 src/a /d/")), "ran");
  const after = lines("RUN useradd app", "COPY --chown=app src/a /d/");
  assert.equal(await second(copy, after), "ran ran");
});

test("rule 40: COPY tells what is done with the files, and nothing of where they were", async () => {
  const copy = lines("COPY src/a /d/");
  assert.equal(await second(copy, lines("COPY ./src/a /d/")), "cached");
  assert.equal(await second(copy, lines("COPY sr?/a /d/")), "cached");
  for (const other of ["COPY src/a /d/b", "COPY --link src/a /d/", "COPY src/b /d/", "ADD src/a /d/"])
    assert.equal(await second(copy, lines(other)), "ran", other);
  const moved = { ...lines("COPY moved/a /d/"), files: { "moved/a": "a" } };
  assert.equal(await second(copy, moved), "cached");
});

test("rule 41: a hard link is a file like its target, whichever of the names is copied", async () => {
  const copy = lines("COPY src /d/");
  const linked = changed(copy, { "src/b": { type: "hardlink", link: "src/a" } });
  const files = changed(copy, { "src/b": "a" });
  assert.equal(await second(files, linked), "cached");
  assert.equal(await second(linked, changed(linked, { "src/a": "A" })), "ran");
});

test("rule 41: extended attributes, types and modes are in the key, times and owners of a context are not", async () => {
  const copy = lines("COPY src /d/");
  const file = (more: object): DryBuild => changed(copy, { "src/a": { data: "a", ...more } });
  assert.equal(await second(copy, file({ xattrs: { "security.capability": "x" } })), "ran");
  assert.equal(await second(copy, file({ mode: 0o600 })), "ran");
  assert.equal(await second(copy, file({ mtime: 9, uid: 4, gid: 4 })), "cached");
  const chmod = lines("COPY --chmod=644 src/a /d/");
  assert.equal(await second(chmod, changed(chmod, { "src/a": { data: "a", mode: 0o600 } })), "cached");
});

function copied(files: NonNullable<DryBuild["files"]>): DryBuild {
  return { ...lines("COPY src /d/"), files };
}

test("rule 41: nothing that one name or file says can be taken for another's", async () => {
  assert.equal(await second(copied({ "src/ab": "c" }), copied({ "src/a": "bc" })), "ran");
  assert.equal(
    await second(copied({ "src/a": "", "src/b": "x" }), copied({ "src/a": "x", "src/b": "" })),
    "ran",
  );
  assert.equal(await second(copied({ "src/a/b": "x" }), copied({ "src/a": "", "src/b": "x" })), "ran");
});

test("rule 43: --no-cache makes results anew under the same keys, and later builds find those", async () => {
  using builds = new DryBuilds();
  const build = lines("RUN a", "RUN b");
  const [first] = await builds.build(build).then((steps) => steps.slice(-1));
  const [anew] = await builds.build({ ...build, noCache: true }).then((steps) => steps.slice(-1));
  assert.equal(first?.key, anew?.key);
  const layers = first?.key && builds.cache.get(first.key)?.layers;
  assert.deepEqual(await builds.outcomes(build), ["cached RUN a", "cached RUN b"]);
  assert.deepEqual(first?.key && builds.cache.get(first.key)?.layers, layers);
});
