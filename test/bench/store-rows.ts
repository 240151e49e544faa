import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashFile } from "./copy-rows.ts";
import { LAYER_SIZE, makeLayerFiles } from "./image-files.ts";
import { buildArgs, contextWith, measureRow, type Bench, type Row } from "./row.ts";

/** Export of an image that the store has, against tar of its files and a hash of that. */
export async function exportArchive(bench: Bench): Promise<Row> {
  const context = contextWith(bench, "export", "FROM scratch\nCOPY data /data\n");
  makeLayerFiles(join(context, "data"));
  const archive = join(bench.directory, "exported.tar");
  const args = ["build", "-q", "-t", "export", context];
  await bench.tsbuild(args);
  for (const peer of bench.peers) await peer.build({ context, image: "export" });
  const prepare = (): void => rmSync(archive, { force: true });
  const row = await measureRow(bench, {
    name: `export of ${LAYER_SIZE / 1e6} MB to a docker tar`,
    floor: "tar to a file + sha256",
    floorWork: {
      prepare,
      async run() {
        await bench.command(["tar", "-C", context, "-cf", archive, "data"]);
        await hashFile(archive);
      },
    },
    ours: {
      prepare,
      run: async () => void (await bench.tsbuild([...args, "-o", `type=docker,dest=${archive}`])),
    },
    peer: (peer) => ({ prepare, run: () => peer.save("export", archive) }),
    budget: 1.3,
  });
  rmSync(archive, { force: true });
  return row;
}

/** A container that does nothing, against starting an OCI runtime and an interpreter: neither connects it with anything. */
export function runTrue(bench: Bench): Promise<Row | string> {
  return runOf(bench, "run --rm --network none IMAGE true", ["--network", "none"]);
}

/** The same with what users get: a network of its own, which a program has to connect. */
export function runConnected(bench: Bench): Promise<Row | string> {
  return runOf({ ...bench, peers: [] }, "run --rm IMAGE true, connected by pasta or slirp4netns", []);
}

async function runOf(bench: Bench, name: string, flags: readonly string[]): Promise<Row | string> {
  const runtime = ociRuntime();
  if (runtime === undefined) return "neither crun nor runc is installed";
  const context = contextWith(bench, "true", "FROM base\nCOPY true /bin/true\n");
  copyFileSync("/bin/true", join(context, "true"));
  const bundle = join(bench.directory, `bundle${flags.join("")}`);
  const root = join(bundle, "rootfs");
  await bench.tsbuild(buildArgs(bench, "true", context));
  await bench.tsbuild([...buildArgs(bench, "true", context), "-o", root]);
  await writeBundle(bench, runtime, bundle);
  for (const peer of bench.peers) await peer.build({ context, image: "true" });
  const runners = bench.peers.filter((peer) => peer.run !== undefined);
  const floor = async (): Promise<void> => {
    await bench.command([runtime, "run", `tsbuild-bench-${process.pid}`], bundle);
    await bench.command([process.execPath, "-e", "0"]);
  };
  const ours = async (): Promise<void> =>
    void (await bench.tsbuild(["run", "--rm", ...flags, "true", "true"]));
  for (let time = 0; time < 2; time++) await ours();
  await floor();
  return measureRow(
    { ...bench, peers: runners },
    {
      name,
      floor: `${runtime} run + node -e 0`,
      floorWork: { run: floor },
      ours: { run: ours },
      peer: (peer) => ({ run: async () => peer.run?.("true") }),
      budget: 1.1,
      rounds: bench.rounds * 3,
    },
  );
}

/** crun refuses some arrangements of cgroups; runc takes them all. */
function ociRuntime(): string | undefined {
  const hybrid = /^cgroup2 \/sys\/fs\/cgroup\/unified /m.test(readFileSync("/proc/self/mounts", "utf8"));
  return (hybrid ? ["runc"] : ["crun", "runc"]).find((name) => {
    try {
      execFileSync(name, ["--version"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

async function writeBundle(bench: Bench, runtime: string, bundle: string): Promise<void> {
  await bench.command([runtime, "spec"], bundle);
  const path = join(bundle, "config.json");
  const config = JSON.parse(readFileSync(path, "utf8")) as { process: Record<string, unknown> };
  config.process = { ...config.process, terminal: false, args: ["/bin/true"], rlimits: [] };
  writeFileSync(path, JSON.stringify(config));
}
