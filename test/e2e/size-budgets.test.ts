import assert from "node:assert/strict";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig } from "../support/rig.ts";

test("a build fails where the image or a step of it is larger than it may be, cached or not", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({
    Dockerfile: "FROM base\nCOPY big small /data/\nRUN echo ran\n",
    big: "x".repeat(3_000_000),
    small: "y",
  });
  const build = async (...flags: string[]): ReturnType<typeof rig.tsbuild> =>
    rig.tsbuild(["build", ...base, "-t", "app", ...flags, context]);

  const step = await build("--max-layer-growth", "1MB");
  assert.equal(step.status, 1);
  assert.match(
    step.stderr,
    /Cannot finish the build: step \[2\/3\] COPY big small \/data\/ adds 3MB, and --max-layer-growth is 1\.05MB/,
  );
  assert.match(step.stderr, /nothing was written or pushed\. The largest: \/data\/big 3MB/);
  assert.equal((await rig.tsbuild(["images", "-q"])).stdout, "", "no image was made");

  const whole = await build("--max-image-size", "2MB");
  assert.equal(whole.status, 1);
  assert.match(
    whole.stderr,
    /the image has .*MB, and --max-image-size is 2\.1MB[^]*\[2\/3\] COPY big small \/data\/ 3MB/,
  );

  const fits = await build("--max-layer-growth", "3MB", "--max-image-size", "2g");
  assert.equal(fits.status, 0, fits.stderr);
  assert.match(fits.stderr, /0 steps run, 2 cached\n$/);
  const anew = await build("--no-cache");
  assert.match(
    anew.stderr,
    /2 steps run, 0 cached\n +\+3MB +\[2\/3\] COPY big small \/data\/\n +\/data\/big 3MB\n$/,
  );
});
