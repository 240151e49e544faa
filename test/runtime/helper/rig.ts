import { spawnSync } from "node:child_process";
import { copyFileSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bytes } from "../../../builder/core/bytes.ts";
import type { Entry } from "../../../builder/core/entry.ts";
import { openHelper } from "../../../runtime/helper/start.ts";
import type {
  EntryVisitor,
  Helper,
  MountSpec,
  PlainRoot,
  RootSpec,
  RunExit,
  RunPlan,
} from "../../../runtime/types.ts";

const BUSYBOX = "/bin/busybox";

/** Why the tests that need root and namespaces cannot run here, or false. */
export const skip: string | false = reasonToSkip();

function reasonToSkip(): string | false {
  if (process.getuid?.() !== 0) return "needs root";
  if (spawnSync(BUSYBOX, ["true"]).status !== 0) return `needs ${BUSYBOX} (package busybox-static)`;
  if (spawnSync("unshare", ["-m", "true"]).status !== 0) return "needs to make namespaces";
  return false;
}

/** capabilities(7): what docker leaves to a container. */
export const DEFAULT_CAPABILITIES = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31];

export const STANDARD_MOUNTS: readonly MountSpec[] = [
  { type: "proc", target: "/proc" },
  { type: "dev", target: "/dev", shmSize: 64 * 1024 * 1024 },
  { type: "sysfs", target: "/sys" },
  { type: "cgroup", target: "/sys/fs/cgroup" },
  { type: "mask", target: "/proc/kcore" },
  { type: "mask", target: "/sys/firmware" },
  { type: "readonly", target: "/proc/sys" },
];

export interface Result extends RunExit {
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary directory with a base snapshot that has a shell, and a helper. */
export class Rig implements AsyncDisposable {
  readonly helper: Helper;
  readonly root: string;
  readonly base: string;
  #steps = 0;

  constructor(helper: Helper, root: string) {
    this.helper = helper;
    this.root = root;
    this.base = this.path("base");
    makeBase(this.base);
  }

  static async start(
    options: { readonly binary?: string; readonly lanes?: number; readonly plain?: boolean } = {},
  ): Promise<Rig> {
    const root = mkdtempSync(join(tmpdir(), "tsbuild-"));
    // Another one than this checkout's: one for another processor, as emulated.test.ts has it.
    const binary = process.env["TSBUILD_HELPER"];
    return new Rig(await openHelper({ lanes: 4, ...(binary && { binary }), ...options }), root);
  }

  path(...parts: readonly string[]): string {
    return join(this.root, ...parts);
  }

  /** A new upper directory over the given lowers, or over the base. */
  overlay(lowers: readonly string[] = [this.base]): RootSpec & { readonly kind: "overlay" } {
    const name = `step${this.#steps++}`;
    mkdirSync(this.path(name));
    return { kind: "overlay", lowers, upper: this.path(name, "upper"), work: this.path(name, "work") };
  }

  /** A copy of the base that a step may have without namespaces. */
  async plainTree(): Promise<PlainRoot> {
    const path = this.path(`tree${this.#steps++}`);
    await this.helper.copy({ kind: "directory", path: this.base }, path);
    return { kind: "plain", path, aside: `${path}.aside` };
  }

  plan(command: string | readonly string[], changes: Partial<RunPlan> = {}): RunPlan {
    return {
      root: this.overlay(),
      mounts: STANDARD_MOUNTS,
      argv: typeof command === "string" ? ["/bin/sh", "-c", command] : command,
      env: ["PATH=/usr/bin:/bin"],
      cwd: "/",
      uid: 0,
      gid: 0,
      groups: [],
      hostname: "box",
      umask: 0o022,
      capabilities: DEFAULT_CAPABILITIES,
      noNewPrivileges: false,
      readonlyRoot: false,
      network: "host",
      init: true,
      stdio: "pipes",
      ...changes,
    };
  }

  async run(command: string | readonly string[], changes: Partial<RunPlan> = {}): Promise<Result> {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const exit = await this.helper.run(this.plan(command, changes), {
      onOutput: (stream, data) => void (stream === "stdout" ? out : err).push(data),
    });
    return { ...exit, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
  }

  /** What a step changed, a line each. */
  async diff(root: RootSpec & { readonly kind: "overlay" }): Promise<string[]> {
    const lines = new Lines();
    await this.helper.diff(root, lines);
    return lines.lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.helper[Symbol.asyncDispose]();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 30 });
  }
}

/** A visitor that keeps `path type mode uid:gid …` lines. */
export class Lines implements EntryVisitor {
  readonly lines: string[] = [];
  readonly entries: Entry[] = [];
  readonly contents = new Map<Bytes, string>();
  #last: Bytes | undefined;

  entry(entry: Entry): void {
    const link = entry.link === undefined ? "" : ` -> ${entry.link}`;
    this.entries.push(entry);
    this.#last = entry.path;
    this.lines.push(`${entry.path} ${entry.type} ${entry.mode.toString(8)} ${entry.uid}:${entry.gid}${link}`);
  }

  data(chunk: Buffer): void {
    const path = this.#last as Bytes;
    this.contents.set(path, (this.contents.get(path) ?? "") + chunk.toString("latin1"));
  }

  whiteout(path: Bytes): void {
    this.lines.push(`${path} whiteout`);
  }

  opaque(path: Bytes): void {
    this.lines.push(`${path} opaque`);
  }
}

function makeBase(base: string): void {
  for (const folder of ["bin", "etc", "tmp", "usr/bin", "proc", "dev", "sys"])
    mkdirSync(join(base, folder), { recursive: true });
  copyFileSync(BUSYBOX, join(base, "bin/busybox"));
  const applets = spawnSync(BUSYBOX, ["--list"], { encoding: "utf8" }).stdout.trim().split("\n");
  for (const applet of applets) if (applet !== "busybox") symlinkSync("busybox", join(base, "bin", applet));
  writeFileSync(join(base, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
}

export function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
