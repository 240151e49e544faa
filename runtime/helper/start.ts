import type {
  ApplyStream,
  DiffRequest,
  EntryVisitor,
  FetchRequest,
  FetchVisitor,
  Helper,
  NetworkLink,
  RootSpec,
  RunExit,
  RunIo,
  RunPlan,
  StartedContainer,
  TransferPlace,
} from "../types.ts";
import type { Entry } from "../../builder/core/entry.ts";
import { expectAnswer } from "./answer.ts";
import { Applier } from "./apply.ts";
import { NO_EPOCH, putRoot } from "./encode.ts";
import { fetchOn, lookOn } from "./fetch.ts";
import type { IdMaps } from "../isolation/idmap.ts";
import { planFor } from "./idmap.ts";
import type { Lane, OnFrame } from "./lane.ts";
import { helperBinary } from "./binary.ts";
import { HelperProcess } from "./process.ts";
import { FRAME } from "./protocol.ts";
import { Link } from "./link.ts";
import { runDetachedOn, runOn } from "./run.ts";
import { visitFrames } from "./visit.ts";
import { FrameWriter } from "./writer.ts";

export interface HelperOptions {
  /** The compiled helper; `helperBinary()` when not given. */
  readonly binary?: string;
  /** Works as root of a user namespace with these ids. */
  readonly idMaps?: IdMaps;
  /** Works in the user namespace at this path instead: that of a container that runs. */
  readonly userNamespace?: string;
  /** With `idMaps`: tries first whether everything that a step needs can be mounted there. */
  readonly tried?: boolean;
  /** Makes no namespaces at all: it runs steps by chroot(2), in plain trees. */
  readonly plain?: boolean;
  /** How many commands may be under way at once, up to 64. */
  readonly lanes: number;
}

/**
 * Starts the native helper: `ready` when it takes commands. What it is told before waits, and fails where it cannot start.
 */
export function startHelper(options: HelperOptions): {
  readonly helper: Helper;
  readonly ready: Promise<void>;
} {
  const binary = options.binary ?? helperBinary();
  const process = new HelperProcess(binary, options.lanes, modeOf(options));
  const ready = process.ready(options.idMaps).catch(async (error: unknown) => {
    await process.close();
    throw error;
  });
  ready.catch(() => {});
  return { helper: new NativeHelper(process, options.idMaps), ready };
}

/** The same, when it takes commands. */
export async function openHelper(options: HelperOptions): Promise<Helper> {
  const { helper, ready } = startHelper(options);
  await ready;
  return helper;
}

function modeOf({ idMaps, userNamespace, tried, plain }: HelperOptions): string[] {
  if (userNamespace !== undefined) return ["join", userNamespace];
  if (idMaps !== undefined) return [tried === true ? "try-userns" : "userns"];
  return plain === true ? ["plain"] : [];
}

const nothing: OnFrame = () => {};

class NativeHelper implements Helper {
  readonly #process: HelperProcess;

  readonly #idMaps: IdMaps | undefined;
  readonly #links = new Set<Link>();

  constructor(process: HelperProcess, idMaps: IdMaps | undefined) {
    this.#process = process;
    this.#idMaps = idMaps;
  }

  async run(plan: RunPlan, io: RunIo, signal?: AbortSignal): Promise<RunExit> {
    const lane = await this.#process.lanes.acquire(signal);
    const exit = await runOn(lane, planFor(this.#idMaps, plan), io, signal);
    if (exit.left) await this.#leaveTo(lane);
    return exit;
  }

  async runDetached(
    plan: RunPlan,
    onStart: (running: StartedContainer) => void,
  ): Promise<StartedContainer | RunExit> {
    const lane = await this.#process.lanes.acquire();
    const stdin = plan.stdio === "terminal" || plan.stdinOpen === true;
    const result = await runDetachedOn(lane, planFor(this.#idMaps, plan), stdin, onStart);
    if ("pid" in result) await this.#leaveTo(lane);
    return result;
  }

  /** To a container, with what connects it. */
  async #leaveTo(lane: Lane): Promise<void> {
    for (const link of this.#links) await link.detach();
    await this.#process.detach(lane.index);
  }

  async connect(path: string, program: readonly string[], signal?: AbortSignal): Promise<NetworkLink> {
    const lane = await this.#process.lanes.acquire(signal);
    const link = await Link.open(lane, path, program, signal, () => this.#links.delete(link));
    this.#links.add(link);
    return link;
  }

  diff(request: DiffRequest, visit: EntryVisitor, signal?: AbortSignal): Promise<void> {
    const command = new FrameWriter().begin(FRAME.DIFF).text(request.upper).texts(request.lowers);
    command.bytes(request.owners ?? new Uint8Array()).u64(request.epoch ?? NO_EPOCH);
    return this.#obey(command, visitFrames(visit), signal);
  }

  apply(directory: string, signal?: AbortSignal): ApplyStream {
    const command = new FrameWriter().begin(FRAME.APPLY).text(directory).end().take();
    return new Applier(command, "ARCHIVE_INVALID", this.#process.lanes.acquire(signal), signal);
  }

  list(root: RootSpec, visit: EntryVisitor, signal?: AbortSignal): Promise<void> {
    return this.#obey(putRoot(new FrameWriter().begin(FRAME.LIST), root), visitFrames(visit), signal);
  }

  copy(root: RootSpec, directory: string, signal?: AbortSignal): Promise<void> {
    return this.#obey(putRoot(new FrameWriter().begin(FRAME.COPY), root).text(directory), nothing, signal);
  }

  remove(directories: readonly string[]): Promise<void> {
    return this.#obey(new FrameWriter().begin(FRAME.REMOVE).texts(directories), nothing);
  }

  sync(directory: string): Promise<void> {
    return this.#obey(new FrameWriter().begin(FRAME.SYNC).text(directory), nothing);
  }

  async fetch(source: FetchRequest, visit: FetchVisitor, signal?: AbortSignal): Promise<void> {
    const lane = await this.#process.lanes.acquire(signal);
    return fetchOn(lane, source, visit, signal);
  }

  async look(place: TransferPlace, follow: boolean): Promise<Entry | undefined> {
    return lookOn(await this.#process.lanes.acquire(), place, follow);
  }

  put({ root, path }: TransferPlace, signal?: AbortSignal): ApplyStream {
    const command = putRoot(new FrameWriter().begin(FRAME.PUT), root).text(path).end().take();
    return new Applier(command, "CONTAINER_STATE", this.#process.lanes.acquire(signal), signal);
  }

  leave(directories: readonly string[]): Promise<boolean> {
    return this.#process.leave(directories);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process.close();
  }

  async #obey(command: FrameWriter, onFrame: OnFrame, signal?: AbortSignal): Promise<void> {
    const lane = await this.#process.lanes.acquire(signal);
    expectAnswer(await lane.exchange(command.end().take(), onFrame, signal), "HELPER_FAILED");
  }
}
