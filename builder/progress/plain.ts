import type { BuildEvent } from "../core/events.ts";
import { lineOf, NO_REST, splitLines } from "./lines.ts";
import { sanitize, sanitizeKeepingColour } from "./sanitize.ts";
import type { Progress, Screen } from "./types.ts";
import { formatAmount, formatSeconds } from "./units.ts";
import { warningLine } from "./warning.ts";

/** The step on show gives way to others when it said nothing for so long, or had the screen for so long (ms). */
const SILENCE = 500;
const TURN = 5000;
/** Lines of output are written together when they come faster than anybody reads (ms). */
const BATCH = 20;
/** A transfer is told about no more often (ms). */
const TRANSFER_INTERVAL = 5000;

/** What is shown under one number: a step, a phase, or transfers that belong to neither. */
interface Track {
  readonly number: number;
  readonly name: string;
  readonly started: number;
  readonly rests: { stdout: Buffer; stderr: Buffer };
  /** When each running transfer began and was last told about. */
  readonly transfers: Map<string, { readonly started: number; told: number }>;
  /** Lines that wait for the screen. */
  readonly waiting: string[];
  ended: boolean;
}

type Of<T extends BuildEvent["type"]> = Extract<BuildEvent, { type: T }>;

/**
 * A log: `#3 [builder 2/5] RUN make`, then its lines, then `#3 DONE 0.4s`. Steps run side by side, so that the lines of
 * one wait while another has the screen; that one gives way when it ends, falls silent, or had its turn.
 */
export function plainProgress(screen: Screen): Progress {
  const names = new Map<string, string>();
  const tracks = new Map<string, Track>();
  const queue = new Set<Track>();
  const phases: string[] = [];
  let count = 0;
  let onShow: Track | undefined;
  let turnBegan = 0;
  let lastLine = 0;
  let timer: NodeJS.Timeout | undefined;
  let batch: NodeJS.Timeout | undefined;
  let closed = false;
  let out = "";

  const track = (key: string, name: string, time: number): Track => {
    let found = tracks.get(key);
    if (found === undefined || found.ended) {
      found = {
        number: ++count,
        name: sanitize(name),
        started: time,
        rests: { stdout: NO_REST, stderr: NO_REST },
        transfers: new Map(),
        waiting: [],
        ended: false,
      };
      tracks.set(key, found);
      say(found, time, []);
    }
    return found;
  };

  const show = (next: Track, time: number): void => {
    onShow = next;
    turnBegan = lastLine = time;
    queue.delete(next);
    out += `#${next.number} ${next.name}\n`;
    for (const line of next.waiting.splice(0)) out += `${line}\n`;
    if (next.ended) leave("");
  };

  const leave = (last: string): void => {
    out += `${last}\n`;
    onShow = undefined;
  };

  /** Gives the screen to those that wait: first those that ended, whole, then the one that waits longest. */
  const advance = (time: number): void => {
    for (const next of queue) if (next.ended) show(next, time);
    const [next] = queue;
    if (next !== undefined) show(next, time);
  };

  const say = (from: Track, time: number, lines: readonly string[]): void => {
    for (const line of lines) from.waiting.push(line);
    if (onShow === undefined) show(from, time);
    else if (onShow === from) {
      lastLine = time;
      for (const line of from.waiting.splice(0)) out += `${line}\n`;
    } else queue.add(from);
  };

  const end = (from: Track, time: number, lines: readonly string[]): void => {
    const rests = [from.rests.stdout, from.rests.stderr].filter((rest) => rest.length > 0);
    from.ended = true;
    say(from, time, [...rests.map((rest) => outputLine(from, time, lineOf(rest))), ...lines]);
    if (onShow === from) leave("");
  };

  const onTransfer = (event: Of<"transfer">): void => {
    const phase = phases.at(-1);
    const key = event.id ?? (phase === undefined ? `transfer:${event.task}` : `phase:${phase}`);
    const of = track(
      key,
      event.id === undefined ? (phase ?? event.label) : (names.get(event.id) ?? event.label),
      event.time,
    );
    const known = of.transfers.get(event.task);
    const begun = known ?? { started: event.time, told: event.time };
    if (event.done) of.transfers.delete(event.task);
    else if (known === undefined) of.transfers.set(event.task, begun);
    if (event.done || event.time - begun.told >= TRANSFER_INTERVAL) {
      begun.told = event.time;
      const amount = `${formatAmount(event.current, event.total)} ${formatSeconds(event.time - begun.started)}`;
      const line = `#${of.number} ${sanitize(event.label)} ${amount}${event.done ? " done" : ""}`;
      if (event.done && key.startsWith("transfer:")) end(of, event.time, [line]);
      else say(of, event.time, [line]);
    }
  };

  const onPhase = (event: Of<"phase">): void => {
    const key = `phase:${event.name}`;
    if (event.state === "started") phases.push(event.name);
    const of = track(key, event.name, event.time);
    if (event.state === "started") return;
    const at = phases.lastIndexOf(event.name);
    if (at >= 0) phases.splice(at, 1);
    const took = formatSeconds(event.time - of.started);
    end(of, event.time, [`#${of.number} ${event.state === "done" ? `DONE ${took}` : "ERROR"}`]);
  };

  const step = (event: BuildEvent & { readonly id: string; readonly time: number }): Track =>
    track(event.id, names.get(event.id) ?? event.id, event.time);

  const handle = (event: BuildEvent): void => {
    switch (event.type) {
      case "plan":
        for (const planned of event.steps) names.set(planned.id, planned.name);
        return;
      case "step-started":
        step(event);
        return;
      case "step-output": {
        const of = step(event);
        const { lines, rest } = splitLines(of.rests[event.stream], event.data);
        of.rests[event.stream] = rest;
        if (lines.length > 0)
          say(
            of,
            event.time,
            lines.map((line) => outputLine(of, event.time, line)),
          );
        return;
      }
      case "step-cached":
        return finish(step(event), event.time, "CACHED");
      case "step-done": {
        const of = step(event);
        return finish(of, event.time, `DONE ${formatSeconds(event.time - of.started)}`);
      }
      case "step-failed":
        return finish(step(event), event.time, `ERROR: ${sanitize(event.message)}`);
      case "step-canceled":
        return finish(step(event), event.time, "CANCELED");
      case "transfer":
        return onTransfer(event);
      case "phase":
        return onPhase(event);
      case "warning":
        out += `WARNING: ${sanitize(warningLine(event.message, event.diagnostic))}\n`;
        return;
      case "notice":
        out += `NOTE: ${sanitize(event.message)}\n`;
    }
  };

  const finish = (of: Track, time: number, state: string): void => end(of, time, [`#${of.number} ${state}`]);

  const settle = (time: number): void => {
    if (queue.size === 0) return;
    if (onShow !== undefined) {
      if (time - lastLine < SILENCE && time - turnBegan < TURN) return wait();
      leave(`#${onShow.number} ...\n`);
    }
    advance(time);
    if (queue.size > 0) wait();
  };

  const wait = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      settle(Date.now());
      flush();
    }, SILENCE).unref();
  };

  const flushSoon = (): void => {
    batch ??= setTimeout(flush, BATCH).unref();
  };

  const flush = (): void => {
    clearTimeout(batch);
    batch = undefined;
    if (out === "") return;
    const text = out;
    out = "";
    screen.write(text);
  };

  return {
    emit(event) {
      if (closed) return;
      handle(event);
      settle("time" in event ? event.time : Date.now());
      if (event.type === "step-output") flushSoon();
      else flush();
    },
    close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      if (onShow !== undefined) leave("");
      for (const next of queue) {
        show(next, turnBegan);
        if (onShow !== undefined) leave("");
      }
      flush();
    },
  };
}

function outputLine(from: Track, time: number, line: string): string {
  return `#${from.number} ${((time - from.started) / 1000).toFixed(3)} ${sanitizeKeepingColour(line)}`;
}
