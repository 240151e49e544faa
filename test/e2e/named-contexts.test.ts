import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { startDockerRegistry, withoutDockerRegistry } from "../support/docker-registry.ts";
import { openRig, type Outcome, type Rig } from "../support/rig.ts";

const skip = withoutDockerRegistry() ?? false;
const rig = openRig();
after(() => rig[Symbol.asyncDispose]());

async function built(args: readonly string[], by: Rig = rig): Promise<Outcome> {
  const outcome = await by.tsbuild(["build", "--progress=plain", ...args]);
  assert.equal(outcome.status, 0, outcome.stderr);
  return outcome;
}

/** An image of one file that says which it is. */
function image(what: string): string {
  return rig.context(
    { Dockerfile: `FROM scratch\nENV WHICH=${what}\nCOPY f /which\n`, f: what },
    `of-${what}`,
  );
}

/** What `base` was for a build with a store of its own, by its files and by its environment. */
async function taken(flags: readonly string[]): Promise<string> {
  await using other = openRig();
  const files = {
    Dockerfile:
      "FROM missing AS base\nRUN false\nFROM base AS last\nCOPY --from=base /which /copied-$WHICH\nFROM scratch\nCOPY --from=last / /\n",
  };
  await built([...flags, "-o", other.path("out"), other.context(files)], other);
  const which = readFileSync(other.path("out", "which"), "utf8");
  assert.equal(readFileSync(other.path("out", `copied-${which}`), "utf8"), which);
  return which;
}

test(
  "docker-image:// stands in for a stage by tag and by digest, for each platform on its own",
  { skip },
  async () => {
    await using registry = await startDockerRegistry();
    const { host } = registry;
    const ids = rig.path("digest");
    await built(["-t", `${host}/one:v1`, "--push", "--metadata-file", ids, image("one")]);
    await built(["-t", `${host}/two`, "--push", "--platform=linux/arm64", image("two")]);
    const { "containerimage.digest": digest } = JSON.parse(readFileSync(ids, "utf8")) as Record<
      string,
      string
    >;
    const named = (name: string, source: string): readonly string[] => [
      "--build-context",
      `${name}=docker-image://${host}/${source}`,
    ];
    assert.equal(await taken(named("base", "one:v1")), "one");
    assert.equal(await taken(named("base", `one@${digest}`)), "one");
    const both = [...named("base", "one:v1"), ...named("base::linux/arm64/v8", "two")];
    assert.equal(await taken(both), "one");
    assert.equal(await taken([...both, "--platform=linux/arm64"]), "two");

    await using other = openRig();
    const context = other.context({ Dockerfile: "FROM base\n" });
    const none = await other.tsbuild(["build", ...named("base", "three"), context]);
    assert.equal(none.status, 5, none.stderr);
    assert.match(none.stderr, /1 \| >>> FROM base/);
    assert.match(none.stderr, /three/);
  },
);

test("oci-layout:// stands in for a stage by tag, by digest, and as the only image", async () => {
  const layout = rig.path("layout");
  const ids = rig.path("layout-digest");
  const flags = ["-t", "one:v1", "--metadata-file", ids, "-o", `type=oci,dest=${layout},tar=false`];
  await built([...flags, image("layout")]);
  const { "containerimage.digest": digest } = JSON.parse(readFileSync(ids, "utf8")) as Record<string, string>;
  for (const source of [layout, `${layout}:v1`, `${layout}@${digest}`, `${layout}:other@${digest}`])
    assert.equal(await taken(["--build-context", `base=oci-layout://${source}`]), "layout", source);
  const context = rig.context({ Dockerfile: "FROM base\n" }, "from-base");
  const refused = await rig.tsbuild(["build", "--build-context", `base=oci-layout://${layout}:v2`, context]);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /Cannot find an image in OCI layout ".*": none has tag "v2"/);
  const unnamed = await rig.tsbuild(["build", "--build-context", `base::linux/=${layout}`, context]);
  assert.equal(unnamed.status, 2, unnamed.stderr);
  assert.match(unnamed.stderr, /Cannot use build context "base::linux\/"/);
});
