import assert from "node:assert/strict";
import { chmodSync, mkdirSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig } from "../support/rig.ts";

const DOCKERFILE = `FROM base AS made
ARG V=1
RUN --mount=type=secret,id=s --mount=type=cache,target=/c,id=one echo $V
COPY dir/a /copied/
COPY --chmod=644 b /
FROM scratch
COPY --from=made /copied /
`;

test("what belongs into the keys of steps, and what does not", async (t) => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: DOCKERFILE, "dir/a": "a", b: "b" });
  const secret = rig.path("secret");
  writeFileSync(secret, "one");
  for (const name of ["dir/a", "b"]) chmodSync(join(context, name), 0o644);
  const flags = ["build", "--secret", `id=s,src=${secret}`, ...base];
  const built = await rig.tsbuild([...flags, context]);
  assert.equal(built.status, 0, built.stderr);

  /** The verdicts of RUN, COPY, COPY --chmod and COPY --from, for these lines and flags. */
  const verdicts = async (dockerfile = DOCKERFILE, ...more: string[]): Promise<string> => {
    const args = [...flags, ...more, "--dry-run=json", "-f", "-", context];
    const { status, stdout, stderr } = await rig.tsbuild(args, { input: dockerfile });
    assert.equal(status, 0, stderr);
    const { steps } = JSON.parse(stdout) as { steps: { verdict: string }[] };
    return steps.map(({ verdict }) => verdict).join(" ");
  };

  await t.test("rule 39: values of secrets, proxies and ids of cache mounts are in no key", async () => {
    writeFileSync(secret, "two");
    const other = DOCKERFILE.replace("id=one", "id=two");
    assert.equal(await verdicts(other, "--build-arg", "HTTP_PROXY=http://localhost:1"), "hit hit hit hit");
  });

  await t.test("rule 39: arguments in scope, and the command, are in the key of a RUN", async () => {
    assert.equal(await verdicts(DOCKERFILE, "--build-arg", "V=2"), "run run run may-run");
    assert.equal(await verdicts(DOCKERFILE.replace("echo", "echo again")), "run run run may-run");
    assert.equal(await verdicts(DOCKERFILE.replace("id=s", "id=s,required=false")), "hit hit hit hit");
  });

  await t.test("rule 40: a directory that moved changes nothing, a name does", async () => {
    mkdirSync(join(context, "moved"));
    renameSync(join(context, "dir/a"), join(context, "moved/a"));
    assert.equal(await verdicts(DOCKERFILE.replace("dir/a", "moved/a")), "hit hit hit hit");
    renameSync(join(context, "moved/a"), join(context, "moved/c"));
    assert.match(await verdicts(DOCKERFILE.replace("dir/a", "moved/c")), /^hit run run/);
    renameSync(join(context, "moved/c"), join(context, "dir/a"));
  });

  await t.test("rule 41: times are in no key; modes are, where --chmod does not replace them", async () => {
    utimesSync(join(context, "dir/a"), 1, 1);
    chmodSync(join(context, "b"), 0o755);
    assert.equal(await verdicts(), "hit hit hit hit");
    chmodSync(join(context, "dir/a"), 0o600);
    assert.match(await verdicts(), /^hit run run/);
    chmodSync(join(context, "dir/a"), 0o644);
  });

  await t.test("rule 42: a base image of equal layers under another name changes nothing", async () => {
    const layout = rig.path("base");
    const renamed = DOCKERFILE.replace("FROM base", "FROM other");
    const named = ["--build-context", `other=oci-layout://${layout}`];
    assert.equal(await verdicts(renamed, ...named), "hit hit hit hit");
  });

  await t.test("rule 43: after a miss, a copy of equal files is found by its content", async () => {
    const changed = DOCKERFILE.replace("echo $V", "true");
    const args = [...flags, "-f", "-", context];
    const { status, stderr } = await rig.tsbuild(args, { input: changed });
    assert.equal(status, 0, stderr);
    assert.match(stderr, /3 steps run, 1 cached/);
  });
});
