import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBaseImage } from "../../fixtures/base-image.ts";
import { removeTree } from "../../fixtures/remove-tree.ts";
import {
  startDockerRegistry,
  withoutDockerRegistry,
  type RunningRegistry,
} from "../support/docker-registry.ts";
import { projectRoot } from "../support/project.ts";
import { checkAgain, checkChanged } from "./check-rows.ts";
import { copyManyFiles, copyOneChanged, copyThenRun } from "./copy-rows.ts";
import { command } from "./measure.ts";
import { memoryOfCopy, memoryOfPull } from "./memory-rows.ts";
import { openPeers, unmountBelow } from "./peers/open.ts";
import type { Peer } from "./peers/types.ts";
import { pullAndUnpack, pushFresh } from "./registry-rows.ts";
import { machine, table, type Report } from "./report.ts";
import { contextWith, type Bench, type Row } from "./row.ts";
import { cachedManyFiles, cachedRebuild, trivialSteps } from "./rows.ts";
import { diskRead, diskWrite, sysbenchCpu, sysbenchMemory } from "./sandbox-rows.ts";
import { readSettings } from "./settings.ts";
import { exportArchive, runConnected, runTrue } from "./store-rows.ts";

/*
 * `npm run bench [-- --rounds N] [--only PART] [--json FILE] [--no-peers] [--markdown]`: how long builds take, as a ratio
 * to what the machine must do at least, and beside docker, buildah and podman. Nothing here passes or fails: a slow
 * machine has slow floors.
 */

/** Each row by the name that --only looks for. */
const ROWS: Readonly<Record<string, (bench: Bench) => Promise<Row | string>>> = {
  "cached-small": cachedRebuild,
  "cached-many": cachedManyFiles,
  "check-again": checkAgain,
  "check-changed": checkChanged,
  "run-steps": trivialSteps,
  "copy-cold": copyManyFiles,
  "copy-run": copyThenRun,
  "copy-changed": copyOneChanged,
  pull: pullAndUnpack,
  push: pushFresh,
  export: exportArchive,
  memory: memoryOfCopy,
  "memory-pull": memoryOfPull,
  "run-true": runTrue,
  "run-connected": runConnected,
  "sandbox-cpu": sysbenchCpu,
  "sandbox-memory": sysbenchMemory,
  "sandbox-write": diskWrite,
  "sandbox-read": diskRead,
};

const settings = readSettings(process.argv.slice(2), Object.keys(ROWS));
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));

const directory = realpathSync(mkdtempSync(join(tmpdir(), "tsbuild-bench-")));
const missing: string[] = [];
const peers: Peer[] = [];
let registry: RunningRegistry | undefined;
try {
  const report = await measureAll();
  if (settings.json !== undefined) writeFileSync(settings.json, `${JSON.stringify(report, undefined, 2)}\n`);
  process.stdout.write(table(report, settings.markdown));
} catch (error) {
  if (!stop.signal.aborted) throw error;
  process.stderr.write(`bench: ${(stop.signal.reason as Error).message}\n`);
  process.exitCode = 130;
} finally {
  for (const peer of peers) await peer[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
  await unmountBelow(directory, (argv) => command(argv));
  if (stop.signal.aborted && process.getuid?.() === 0) removeLater(directory);
  else await removeTree(directory);
}

/** What others have stored can be a million files: who pressed Ctrl-C does not wait for them. */
function removeLater(path: string): void {
  process.stderr.write(`bench: ${path} is removed in the background\n`);
  spawn("rm", ["-rf", "--one-file-system", path], { detached: true, stdio: "ignore" }).unref();
}

async function measureAll(): Promise<Report> {
  const bench = await openBench();
  const rows: Row[] = [];
  for (const name of settings.rows) {
    process.stderr.write(`measuring ${name}\n`);
    const row = await ROWS[name]?.(bench);
    if (typeof row === "string") missing.push(`${name}: ${row}`);
    else if (row !== undefined) rows.push(row);
  }
  const versions = peers.map(({ version }) => version);
  return { date: new Date().toISOString().slice(0, 10), machine: machine(), versions, rows, missing };
}

async function openBench(): Promise<Bench> {
  const baseLayout = join(directory, "base");
  const cli = join(projectRoot, "dist/bin/tsbuild.cjs");
  const { signal } = stop;
  const bench: Bench = {
    directory,
    baseLayout,
    rounds: settings.rounds,
    peers,
    tsbuild: (args, env = {}) =>
      command([process.execPath, cli, ...args], {
        env: { ...process.env, TSBUILD_ROOT: join(directory, "store"), ...env },
        signal,
      }),
    command: (argv, cwd) => command(argv, cwd === undefined ? { signal } : { signal, cwd }),
    async registry() {
      if (withoutDockerRegistry() !== undefined) return undefined;
      registry ??= await startDockerRegistry();
      return registry.host;
    },
    clear: removeTree,
  };
  mkdirSync(baseLayout);
  await makeBaseImage(baseLayout, "base");
  if (settings.peers) peers.push(...(await others(bench)));
  return bench;
}

async function others(bench: Bench): Promise<Peer[]> {
  if (process.getuid?.() !== 0) {
    missing.push("docker, buildah, podman: this is not root");
    return [];
  }
  const context = contextWith(bench, "base-image", "FROM base\nLABEL a=b\n");
  const baseArchive = join(directory, "base.docker.tar");
  const named = ["--build-context", `base=oci-layout://${bench.baseLayout}`];
  await bench.tsbuild([
    "build",
    "-q",
    "-t",
    "base",
    ...named,
    "-o",
    `type=docker,dest=${baseArchive}`,
    context,
  ]);
  const host = join(directory, "peers");
  mkdirSync(host);
  return openPeers(
    {
      directory: host,
      baseArchive,
      command: (argv, env) => command(argv, { signal: stop.signal, ...(env && { env }) }),
    },
    (name, why) => missing.push(`${name}: ${why.trim().split("\n").slice(-2).join(" ")}`),
  );
}
