import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chownSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { newSessionName } from "../../builder/store/session.ts";
import { hostBase } from "../support/host-base.ts";
import { ordinaryUser } from "../support/ordinary-user.ts";
import { openRig, type Outcome, type Rig } from "../support/rig.ts";

/** An image with a small part of a stage that makes 3 MB. */
function big(name: string): string {
  return `FROM base AS big\nRUN node -e 'fs.writeFileSync("/${name}", Buffer.alloc(3e6, "${name}"))'\nFROM base\nRUN echo ${name} > /small\nCOPY --from=big /${name} /${name}\n`;
}

interface Report {
  readonly total: number;
  readonly reclaimable: number;
  readonly items: readonly {
    readonly kind: string;
    readonly id: string;
    readonly size: number;
    readonly keptBy: string[];
  }[];
}

const DOCKERFILE = `FROM base AS tools
RUN --mount=type=cache,id=keep,target=/cache echo cached > /cache/file; echo tool > /tool; echo more > /more
FROM base
COPY --from=tools /tool /tool
RUN echo done > /done
`;

async function built(rig: Rig, dockerfile = DOCKERFILE, ...flags: readonly string[]): Promise<Outcome> {
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: dockerfile });
  const outcome = await rig.tsbuild(["build", "--progress=plain", ...flags, ...base, context]);
  assert.equal(outcome.status, 0, outcome.stderr);
  return outcome;
}

async function report(rig: Rig): Promise<Report> {
  const { stdout, status, stderr } = await rig.tsbuild(["du", "--format", "json"]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Report;
}

async function check(rig: Rig, ...flags: readonly string[]): Promise<Outcome> {
  return rig.tsbuild(["store", "check", ...flags]);
}

test("du says what takes space and why; prune keeps what a tagged image needs", async () => {
  await using rig = openRig();
  await built(rig, DOCKERFILE, "-t", "app");
  const before = await report(rig);
  const tool = before.items.filter(({ kind, keptBy }) => kind === "layer" && keptBy.length === 0);
  assert.ok(tool.length > 0, "the layer of the stage that is not in the image");
  assert.ok(before.items.some(({ keptBy }) => keptBy.includes("image app:latest")));
  assert.ok(before.total >= before.reclaimable && before.reclaimable > 0);
  const table = await rig.tsbuild(["du"]);
  assert.match(table.stdout, /^ID +TYPE +SIZE +LAST USED +KEPT BY +DESCRIPTION$/m);
  assert.match(table.stdout, /image app:latest +RUN echo done > \/done/);
  assert.match(table.stdout, /cache mount keep/);

  const refused = await rig.tsbuild(["prune"]);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /--force/);
  const pruned = await rig.tsbuild(["prune", "-f"]);
  assert.equal(pruned.status, 0, pruned.stderr);
  assert.match(pruned.stdout, /Total reclaimed space: /);
  const after = await report(rig);
  assert.ok(
    after.items.some(({ kind }) => kind === "mount"),
    "cache mounts are people's",
  );
  assert.ok(after.items.every(({ id }) => !tool.some((gone) => gone.id === id)));
  assert.match((await check(rig)).stdout, /in order/);
  const run = await rig.tsbuild(["run", "--rm", "app", "/bin/sh", "-c", "read x < /done; echo $x"]);
  assert.equal(run.stdout, "done\n", run.stderr);
  assert.ok(readFileSync(join(rig.store, "space/pruned"), "utf8").split("\n").length > 1);

  await rig.tsbuild(["prune", "-f", "--cache-mounts"]);
  assert.ok((await report(rig)).items.every(({ kind }) => kind !== "mount"));
  const again = await built(rig, DOCKERFILE, "-t", "app");
  assert.match(again.stderr, /0 steps run/, "what the image's own layers were made from is not needed");
});

test("prune goes by filters, and takes the least recently used first", async () => {
  await using rig = openRig();
  await built(rig, "FROM base\nRUN echo one > /one\n");
  await built(rig, "FROM base\nRUN echo two > /two\n");
  const none = await rig.tsbuild(["prune", "-af", "--filter", "until=1h"]);
  assert.match(none.stdout, /^Total reclaimed space: 0B\n$/);
  const wrong = await rig.tsbuild(["prune", "-f", "--filter", "color=red"]);
  assert.equal(wrong.status, 2);
  const layer = (await report(rig)).items.find(({ kind, size }) => kind === "layer" && size < 100_000);
  assert.ok(layer);
  const { stdout } = await rig.tsbuild(["prune", "-f", "--filter", `id=${layer.id.slice(0, 12)}`]);
  assert.equal(stdout.trim().split("\n").length, 2, stdout);
  const all = await rig.tsbuild(["prune", "-af"]);
  assert.equal(all.status, 0, all.stderr);
  assert.deepEqual(readdirSync(join(rig.store, "snapshots")), []);
  assert.deepEqual(readdirSync(join(rig.store, "records")), []);
});

test("build --max-cache-size keeps the cache small, and never takes the image", async () => {
  await using rig = openRig();
  await built(rig, big("a"), "-t", "a", "--max-cache-size", "4MB");
  await built(rig, big("b"), "-t", "b", "--max-cache-size", "4MB");
  const { reclaimable } = await report(rig);
  assert.ok(reclaimable <= 4 * 2 ** 20, String(reclaimable));
  for (const image of ["a", "b"]) {
    const run = await rig.tsbuild(["run", "--rm", image, "/bin/sh", "-c", "test -s /small && echo ok"]);
    assert.equal(run.stdout, "ok\n", run.stderr);
  }
  assert.match((await check(rig)).stdout, /in order/);
});

test("store check finds each kind of damage, --repair drops it, and the next build works", async () => {
  await using rig = openRig();
  await built(rig, DOCKERFILE, "-t", "app");
  assert.equal((await check(rig)).status, 0);
  const first = (folder: string): string =>
    join(rig.store, folder, readdirSync(join(rig.store, folder)).sort()[0] ?? "");
  const blob = readdirSync(join(rig.store, "blobs/sha256"))
    .map((name) => join(rig.store, "blobs/sha256", name))
    .find((path) => statSync(path).size > 1000 && readFileSync(path)[0] !== 0x7b);
  assert.ok(blob);
  appendFileSync(blob, "x");
  truncateSync(first("records"), 10);
  truncateSync(first("indexes"), 10);
  writeFileSync(first("layers"), "{");
  const snapshot = readdirSync(join(rig.store, "snapshots")).find((name) =>
    readdirSync(join(rig.store, "snapshots", name)).includes("done"),
  );
  assert.ok(snapshot);
  writeFileSync(join(rig.store, "snapshots", snapshot, "done"), "changed");
  writeFileSync(join(rig.store, "refs", "torn"), "{");
  const found = await check(rig, "--format", "json");
  assert.equal(found.status, 1, found.stderr);
  const kinds = new Set(JSON.parse(found.stdout).problems.map(({ kind }: { kind: string }) => kind));
  for (const kind of ["blob", "record", "index", "layer", "ref"])
    assert.ok(kinds.has(kind), `${kind}: ${found.stdout}`);
  const repaired = await check(rig, "--repair");
  assert.equal(repaired.status, 0, repaired.stdout + repaired.stderr);
  assert.match((await check(rig)).stdout, /in order/);
  await built(rig, DOCKERFILE, "-t", "app");
  rmSync(join(rig.store, "blobs"), { recursive: true });
  assert.equal((await check(rig)).status, 1);
  assert.equal((await check(rig, "--repair")).status, 0);
  await built(rig, DOCKERFILE, "-t", "app");
});

test("store check takes a snapshot that lies on another for whole", async () => {
  await using rig = openRig();
  const files = Object.fromEntries(Array.from({ length: 40 }, (_, number) => [`src/${number}`, `${number}`]));
  const dockerfile = "FROM base\nCOPY src /src\nRUN test -e /src/1\n";
  rig.context(files);
  await built(rig, dockerfile, "-t", "app");
  rig.context({ "src/1": "2" });
  await built(rig, dockerfile, "-t", "app");
  const outcome = await check(rig);
  assert.equal(outcome.status, 0, outcome.stdout);
  const pruned = await rig.tsbuild(["prune", "-f"]);
  assert.equal(pruned.status, 0, pruned.stderr);
  assert.match((await check(rig)).stdout, /in order/);
  rig.context({ "src/1": "3" });
  await built(rig, dockerfile, "-t", "app");
});

test("an ordinary user sees and removes what is in a store, whoever its files belong to", async (t) => {
  const user = ordinaryUser();
  if ("missing" in user) return t.skip(user.missing);
  await using rig = openRig();
  await hostBase(rig);
  const own = user.directory("space-test");
  const store = join(own, "store");
  const closed = `fs.mkdirSync("/closed", { mode: 0o700 }); fs.writeFileSync("/closed/f", Buffer.alloc(1e6)); fs.chownSync("/closed", 5, 6)`;
  rig.context({
    Dockerfile: `FROM base\nRUN --mount=type=cache,target=/c node -e '${closed}; fs.chownSync("/c", 7, 7)'\n`,
  });
  for (const name of ["base", "context"]) cpSync(rig.path(name), join(own, name), { recursive: true });
  const run = (...args: readonly string[]): string => {
    const { status, output } = user.tsbuild(args, { HOME: own, TSBUILD_ROOT: store });
    assert.equal(status, 0, output);
    return output;
  };
  const base = `base=oci-layout://${join(own, "base")}`;
  run("build", "--progress=plain", "--build-context", base, join(own, "context"));
  const { total } = JSON.parse(run("du", "--format", "json")) as Report;
  const disk = Number(execFileSync("du", ["-s", "--block-size=1", store]).toString().split("\t")[0]);
  assert.ok(Math.abs(total - disk) < disk / 50, `${total} of ${disk}`);
  assert.match(run("store", "check"), /in order/);

  const dead = join(store, "tmp", newSessionName().replace(/^\d+/, "999999999"));
  const left = join(dead, "1-run/fs");
  mkdirSync(left, { recursive: true });
  const [, first = "0"] = /^tsbuild-test:(\d+):/m.exec(readFileSync("/etc/subuid", "utf8")) ?? [];
  chownSync(left, Number(first) + 5, Number(first) + 5);
  for (const path of [dead, join(dead, "1-run")]) chownSync(path, user.uid, user.gid);
  run("prune", "-af");
  assert.doesNotMatch(run("du"), /cache mount/);
  for (const folder of ["snapshots", "records", "tmp"])
    assert.deepEqual(readdirSync(join(store, folder)), [], folder);
});
