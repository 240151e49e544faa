import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { TsbuildError, errnoOf } from "../../builder/core/errors.ts";
import type { IdMaps } from "../isolation/idmap.ts";
import { refusalHint } from "../isolation/confined.ts";
import { mapIds } from "./idmap.ts";
import { Lane } from "./lane.ts";
import { LanePool } from "./pool.ts";
import { FRAME } from "./protocol.ts";
import { FrameParser, FrameReader } from "./reader.ts";
import { FrameWriter } from "./writer.ts";

const CONTROL = 3;
const STDERR_KEPT = 8192;

/** The helper's process: its control pipe, its lanes, and what it says when it dies. */
export class HelperProcess {
  readonly lanes: LanePool;
  readonly #child: ChildProcess;
  readonly #all: Lane[] = [];
  readonly #exited: Promise<void>;
  #stderr = "";
  #closing = false;
  #left = false;
  #failure: Error | undefined;

  constructor(binary: string, lanes: number, mode: readonly string[]) {
    const pipes = Array.from({ length: lanes + 2 }, () => "pipe" as const);
    const args = [String(lanes), ...mode];
    this.#child = spawn(binary, args, { stdio: ["ignore", "ignore", ...pipes], env: {}, cwd: "/" });
    this.lanes = new LanePool(lanes);
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-STDERR_KEPT);
    });
    this.#exited = new Promise((resolve) => {
      this.#child.on("error", (error) => {
        this.#fail(startError(binary, error));
        resolve();
      });
      this.#child.on("close", (code, signal) => {
        this.#fail(this.#deathError(signal ?? `status ${code}`));
        resolve();
      });
    });
  }

  /** Lanes can be used at once: what is said on them waits. Resolves when the helper is well. */
  async ready(maps: IdMaps | undefined): Promise<void> {
    const { pid, stdio } = this.#child;
    if (pid !== undefined) this.#openLanes(stdio);
    await new Promise<void>((resolve, reject) => {
      const parser = new FrameParser((type, payload) => {
        if (type === FRAME.READY) resolve();
        else if (type === FRAME.DIED) this.#workerDied(new FrameReader(payload));
        else if (type === FRAME.MAP && pid !== undefined && maps !== undefined) {
          try {
            mapIds(pid, maps);
            socketOf(stdio[CONTROL]).write(new FrameWriter(16).begin(FRAME.MAPPED).end().take());
          } catch (error) {
            this.#fail(error instanceof Error ? error : new Error(String(error)));
            reject(error);
          }
        }
      });
      void this.#exited.then(() => reject(this.#failure));
      if (pid === undefined) return;
      socketOf(stdio[CONTROL])
        .on("data", (chunk: Buffer) => parser.push(chunk))
        .on("error", () => {});
    });
  }

  #openLanes(stdio: ChildProcess["stdio"]): void {
    for (const [index, stream] of stdio.slice(CONTROL + 1).entries()) {
      const lane = new Lane(index, socketOf(stream), (idle) => this.lanes.release(idle));
      this.#all.push(lane);
      this.lanes.release(lane);
    }
  }

  /** Ends the helper and with it whatever it still does. */
  async close(): Promise<void> {
    this.#closing = true;
    const control = this.#child.stdio[CONTROL];
    if (control instanceof Socket) control.destroy();
    if (!this.#left) await this.#exited;
  }

  /** Leaves the helper to the container on `lane`: it ends when that does. */
  async detach(lane: number): Promise<void> {
    this.#closing = true;
    await this.#part(new FrameWriter(16).begin(FRAME.DETACH).u32(lane));
  }

  /** Lets the helper end by itself, and remove directories before it does; false where it was left already. */
  async leave(directories: readonly string[]): Promise<boolean> {
    if (this.#left || this.#failure !== undefined) return false;
    this.#closing = true;
    await this.#part(new FrameWriter().begin(FRAME.LEAVE).texts(directories));
    return true;
  }

  async #part(last: FrameWriter): Promise<void> {
    const control = socketOf(this.#child.stdio[CONTROL]);
    await new Promise<void>((resolve) => control.write(last.end().take(), () => resolve()));
    // A millisecond, which who exits now need not wait for.
    setImmediate(() => {
      for (const stream of this.#child.stdio) stream?.destroy();
    });
    this.#child.unref();
    this.#left = true;
  }

  #workerDied(reader: FrameReader): void {
    const lane = this.#all[reader.u32()];
    const error = this.#deathError(`a worker ended with wait status ${reader.u32()}`);
    lane?.fail(error);
    this.lanes.retire(error);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.lanes.fail(this.#failure);
    for (const lane of this.#all) lane.fail(this.#failure);
  }

  #deathError(how: string): TsbuildError {
    if (this.#closing)
      return new TsbuildError("HELPER_FAILED", "Cannot finish the command: the helper was closed");
    const said = this.#stderr.trim();
    const refused = /\bnamespaces?\b/.test(said);
    return new TsbuildError(
      refused ? "SANDBOX" : "HELPER_FAILED",
      refused ? said : `Cannot go on without the native helper: ${said === "" ? how : said}`,
      { hint: refused ? refusalHint(said) : undefined },
    );
  }
}

/** Why the helper's program cannot be executed. */
export function startError(binary: string, error: Error): TsbuildError {
  if (errnoOf(error) === "ENOENT")
    return new TsbuildError("HELPER_MISSING", `Cannot start the native helper: '${binary}' does not exist`, {
      hint: "install the package again; in a checkout run: make -C native",
      cause: error,
    });
  return new TsbuildError("HELPER_FAILED", `Cannot start the native helper '${binary}': ${error.message}`, {
    cause: error,
  });
}

function socketOf(stream: unknown): Socket {
  if (stream instanceof Socket) return stream;
  throw new TsbuildError("HELPER_FAILED", "Cannot talk to the native helper: a pipe is missing");
}
