import type { RunExit, RunIo, RunPlan, StartedContainer } from "../types.ts";
import { expectAnswer } from "./answer.ts";
import { putPlan } from "./encode.ts";
import type { Answer, Lane } from "./lane.ts";
import { FAILURES, FRAME } from "./protocol.ts";
import { FrameReader } from "./reader.ts";
import { visitFrames } from "./visit.ts";
import { FrameWriter } from "./writer.ts";

const PIECE = 64 * 1024;

/** Runs a plan on a lane and passes its streams on. */
export async function runOn(
  lane: Lane,
  plan: RunPlan,
  io: RunIo,
  signal: AbortSignal | undefined,
): Promise<RunExit> {
  const onChange = io.changes && visitFrames(io.changes);
  const feeder = io.stdin === undefined ? undefined : new StdinFeeder(lane, io.stdin);
  const onFrame = (type: number, payload: Buffer): void => {
    if (type === FRAME.STDOUT) io.onOutput("stdout", payload);
    else if (type === FRAME.STDERR) io.onOutput("stderr", payload);
    else if (type === FRAME.TAKEN) feeder?.taken();
    else if (type === FRAME.WASTED) io.onWasted?.(new FrameReader(payload).text());
    else if (type === FRAME.STARTED) {
      io.onStart?.({
        ...startedOf(payload),
        ...controlOf(lane),
        leave() {
          // What is typed from now on is not for it, and neither is its end.
          feeder?.stop();
          lane.detach();
        },
      });
      feeder?.start();
    } else onChange?.(type, payload);
  };
  using wait = new Wait(lane, plan.ready);
  try {
    const answer = await lane.exchange(
      putPlan(new FrameWriter(), plan, {
        stdin: feeder !== undefined,
        detached: false,
        changes: onChange !== undefined,
      }).take(),
      onFrame,
      signal,
    );
    const reader = wait.expect(answer);
    return answer.type === FRAME.DONE ? { code: 0, outOfMemory: false, left: true } : exitOf(reader);
  } finally {
    feeder?.stop();
  }
}

/** Runs a plan on a lane that stays with it when this process ends; the lane is lost. */
export async function runDetachedOn(
  lane: Lane,
  plan: RunPlan,
  stdin: boolean,
  onStart: (running: StartedContainer) => void,
): Promise<StartedContainer | RunExit> {
  let started: StartedContainer | undefined;
  using wait = new Wait(lane, plan.ready);
  const answer = await lane.exchange(
    putPlan(new FrameWriter(), plan, { stdin, detached: true, changes: false }).take(),
    (type, payload) => {
      if (type !== FRAME.STARTED) return;
      started = startedOf(payload);
      onStart(started);
      lane.detach();
    },
  );
  const reader = wait.expect(answer);
  return answer.type === FRAME.EXIT || started === undefined ? exitOf(reader) : started;
}

/** Lets a command that waits begin when something is ready, or gives it up; the lane may be another's afterwards. */
class Wait implements Disposable {
  #over = false;
  #failure: { readonly reason: unknown } | undefined;

  constructor(lane: Lane, ready: Promise<void> | undefined) {
    if (ready !== undefined) void this.#begin(lane, ready);
  }

  async #begin(lane: Lane, ready: Promise<void>): Promise<void> {
    try {
      await ready;
      if (!this.#over) lane.send(new FrameWriter(16).begin(FRAME.GO).end().take());
    } catch (reason) {
      if (this.#over) return;
      this.#failure = { reason };
      lane.cancel();
    }
  }

  /** What the helper answered, or why it was given up. */
  expect(answer: Answer): FrameReader {
    if (this.#failure !== undefined) throw this.#failure.reason;
    return expectAnswer(answer, "SANDBOX");
  }

  [Symbol.dispose](): void {
    this.#over = true;
  }
}

function startedOf(payload: Buffer): StartedContainer {
  const reader = new FrameReader(payload);
  return { pid: reader.u32(), supervisor: reader.u32() };
}

function exitOf(reader: FrameReader): RunExit {
  const [code, number] = [reader.u32(), reader.u32()];
  const failure = FAILURES[reader.u8()];
  const outOfMemory = reader.u8() !== 0;
  const message = reader.text();
  return {
    code,
    outOfMemory,
    ...(number === 0 ? {} : { signal: number }),
    ...(failure === undefined ? {} : { failure, message }),
  };
}

function controlOf(lane: Lane): {
  signal(number: number): void;
  resize(columns: number, rows: number): void;
} {
  return {
    signal: (number) => lane.send(new FrameWriter(16).begin(FRAME.SIGNAL).u32(number).end().take()),
    resize: (columns, rows) =>
      lane.send(new FrameWriter(16).begin(FRAME.RESIZE).u32(columns).u32(rows).end().take()),
  };
}

/** Sends standard input piece by piece, each when the helper took the one before; so signals never queue behind it. */
class StdinFeeder {
  readonly #lane: Lane;
  readonly #source: AsyncIterable<Uint8Array>;
  #stopped = false;
  #taken: (() => void) | undefined;

  constructor(lane: Lane, source: AsyncIterable<Uint8Array>) {
    this.#lane = lane;
    this.#source = source;
  }

  start(): void {
    // A source that breaks ends the input: the command sees its end.
    this.#feed().then(
      () => this.#send(Buffer.alloc(0)),
      () => this.#send(Buffer.alloc(0)),
    );
  }

  taken(): void {
    this.#taken?.();
    this.#taken = undefined;
  }

  stop(): void {
    this.#stopped = true;
    this.taken();
  }

  async #feed(): Promise<void> {
    for await (const chunk of this.#source) {
      for (let at = 0; at < chunk.length && !this.#stopped; at += PIECE) {
        const taken = new Promise<void>((resolve) => (this.#taken = resolve));
        this.#send(chunk.subarray(at, at + PIECE));
        await taken;
      }
      if (this.#stopped) return;
    }
  }

  #send(data: Uint8Array): void {
    if (!this.#stopped)
      this.#lane.send(new FrameWriter(data.length + 8).begin(FRAME.STDIN).raw(data).end().take());
  }
}
