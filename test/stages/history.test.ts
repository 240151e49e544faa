import assert from "node:assert/strict";
import { test } from "node:test";
import { historyOf, plan } from "../graph/planning.ts";

/** A line, what stands for it in the history, and whether it makes a layer. */
const cases: readonly (readonly [line: string, createdBy: string, layer?: "layer"])[] = [
  ["RUN make  all", "RUN /bin/sh -c make  all # buildkit", "layer"],
  ['RUN ["make", "all"]', "RUN make all # buildkit", "layer"],
  ["RUN <<EOF\nmake\nEOF", "RUN /bin/sh -c make\n # buildkit", "layer"],
  ["COPY a b /d/", "COPY a b /d/ # buildkit", "layer"],
  [
    "COPY --chmod=755 --chown=1:2 --parents a rel",
    "COPY --parents --chown=1:2 --chmod=755 a rel # buildkit",
    "layer",
  ],
  ["ADD a.tar $HOME/x", "ADD a.tar /x # buildkit", "layer"],
  ["COPY <<one <<two /d/\n1\none\n2\ntwo", "COPY <<one <<two /d/ # buildkit", "layer"],
  ["WORKDIR sub/dir", "WORKDIR /sub/dir", "layer"],
  ["WORKDIR /", "WORKDIR /"],
  ["ENV a=1 b='x y'", "ENV a=1 b=x y"],
  ["ENV a one two", "ENV a=one two"],
  ["LABEL a=1 b=$c", "LABEL a=1 b="],
  ["ARG a b=2", "ARG a b=2"],
  ['CMD ["a", "b\\"c"]', 'CMD ["a" "b\\"c"]'],
  ["CMD a", 'CMD ["/bin/sh" "-c" "a"]'],
  ["ENTRYPOINT []", "ENTRYPOINT []"],
  ["EXPOSE 80 443/TCP 8000-8002/udp", "EXPOSE [443/tcp 80/tcp 8000/udp 8001/udp 8002/udp]"],
  ['VOLUME ["/a", "/b c"]', "VOLUME [/a /b c]"],
  ["USER app:app", "USER app:app"],
  ["STOPSIGNAL SIGQUIT", "STOPSIGNAL SIGQUIT"],
  ['SHELL ["/bin/bash", "-c"]', "SHELL [/bin/bash -c]"],
  [
    "HEALTHCHECK --interval=90s --timeout=1500ms --retries=3 CMD x",
    "HEALTHCHECK {Test:[CMD-SHELL x] Interval:1m30s Timeout:1.5s StartPeriod:0s StartInterval:0s Retries:3}",
  ],
  ["MAINTAINER Some One", "MAINTAINER Some One"],
];

for (const [line, createdBy, layer] of cases) {
  test(`planBuild() writes the history of ${JSON.stringify(line)} as BuildKit does (rule 26)`, async () => {
    const graph = await plan(`FROM debian\n${line}`);
    assert.deepEqual(historyOf(graph), [createdBy]);
    const last = graph.target.history.at(-1);
    assert.equal(last?.entry.empty_layer, layer === undefined ? true : undefined);
    assert.equal(last?.vertex, layer === undefined ? undefined : (graph.target.rootfs ?? ""));
  });
}

test("planBuild() counts the arguments of RUN in its history, once each (rule 26)", async () => {
  const text = "FROM debian AS a\nARG x=1 unset\nFROM a\nARG y=2\nENV y=3\nARG x=4\nRUN true";
  const graph = await plan(text, { buildArgs: { http_proxy: "secret" } });
  assert.equal(historyOf(graph).at(-1), "RUN |3 x=4 unset= y=3 /bin/sh -c true # buildkit");
});

test("planBuild() leaves no history line for ONBUILD", async () => {
  assert.deepEqual(historyOf(await plan("FROM debian\nONBUILD RUN x")), []);
});

test("planBuild() keeps the base's history as it is, before that of every stage on the way (rule 20)", async () => {
  const graph = await plan("FROM debian AS a\nRUN a\nFROM a\nENV b=1\nRUN c");
  const [base, ...own] = graph.target.history;
  assert.deepEqual(base, {
    entry: { created: "2026-01-01T00:00:00Z", created_by: "ADD rootfs.tar /" },
    inherited: true,
  });
  const layers = own.map(({ vertex }) => graph.vertices.findIndex(({ id }) => id === vertex));
  assert.deepEqual(layers, [1, -1, 2]);
});
