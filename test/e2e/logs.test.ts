import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig } from "../support/rig.ts";

const DOCKERFILE = `FROM base AS builder
RUN i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done
RUN true
RUN --mount=type=secret,id=token read t </run/secrets/token || :; echo $t; printf end
FROM base
COPY --from=builder /etc/passwd /p
RUN echo failing; exit 3
`;

test("logs shows all that steps wrote, whole, of cached and failed ones too", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: DOCKERFILE });
  const secret = ["--secret", "id=token,env=TOKEN"];
  for (const time of ["first", "again"]) {
    const built = await rig.tsbuild(["build", ...base, ...secret, context], { env: { TOKEN: "hunter2" } });
    assert.equal(built.status, 1, time);

    const all = await rig.tsbuild(["logs"]);
    assert.equal(all.status, 0, all.stderr);
    const titles = all.stdout.split("\n").filter((line) => line.startsWith("["));
    assert.deepEqual(
      titles.map((line) => line.split("]")[0]),
      ["[builder 2/4", "[builder 4/4", "[stage-1 3/3"],
      time,
    );
    const long = await rig.tsbuild(["logs", "builder 2/4"]);
    assert.equal(long.stdout.split("\n").length, 20_001, "not clipped");
    assert.match(long.stdout, /^line 1\n[^]*line 20000\n$/);

    const redacted = await rig.tsbuild(["logs", "run/secrets"]);
    assert.equal(redacted.stdout, "***\nend");
    assert.equal((await rig.tsbuild(["logs", "3/3"])).stdout, "failing\n");
  }
  const none = await rig.tsbuild(["logs", "builder 3/4"]);
  assert.equal(none.status, 2);
  assert.match(none.stderr, /Cannot show the log of "builder 3\/4": .* no step of that name wrote anything/);

  await rig.tsbuild(["prune", "-f", "-a"]);
  assert.deepEqual(readdirSync(join(rig.store, "logs")), []);
});

test("logs says that nothing was built yet", async () => {
  await using rig = openRig();
  const { status, stderr } = await rig.tsbuild(["logs"]);
  assert.equal(status, 2);
  assert.match(stderr, /the store knows of no such build/);
});
