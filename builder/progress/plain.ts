import type { Diagnostic } from "../core/diagnostic.ts";
import type { BuildEvent } from "../core/events.ts";
import { lineOf, NO_REST, splitLines } from "./lines.ts";
import { sanitize, sanitizeKeepingColour } from "./sanitize.ts";
import { PLAIN_STYLE } from "./style.ts";
import { Folds, type FoldStyle } from "./folds.ts";
import { Turns, type Floor, type Speaker } from "./turns.ts";
import type { Progress, Screen } from "./types.ts";
import { formatAmount, formatSeconds } from "../core/units.ts";
import { WAITING } from "./waiting.ts";
import { warningsText } from "./warnings.ts";

/** A transfer is told about no more often (ms). */
const TRANSFER_INTERVAL = 5000;

/** A step, a phase, or a transfer that belongs to neither. */
interface Track {
  readonly speaker: Speaker;
  /** Output that is no whole line yet. */
  readonly rests: { stdout: Buffer; stderr: Buffer };
  /** When each running transfer began and was last told about. */
  readonly transfers: Map<string, { readonly started: number; told: number }>;
}

export interface PlainOptions {
  /** What the log is shown by folds: each step's lines stand together. */
  readonly folds?: FoldStyle | undefined;
  /** Lines of output begin with the time of day (RFC 3339), not with the seconds since their step began. */
  readonly timestamps?: boolean | undefined;
}

type Of<T extends BuildEvent["type"]> = Extract<BuildEvent, { type: T }>;

/** A log: `#3 [builder 2/5] RUN make`, then what it writes, then `#3 DONE 0.4s`. */
export function plainProgress(screen: Screen, options: PlainOptions = {}): Progress {
  const log = new PlainLog(screen, options);
  let closed = false;
  return {
    emit(event) {
      if (!closed) log.tell(event);
    },
    close() {
      if (!closed) log.close();
      closed = true;
    },
  };
}

class PlainLog {
  readonly #screen: Screen;
  readonly #turns: Floor;
  readonly #timestamps: boolean;
  readonly #names = new Map<string, string>();
  readonly #tracks = new Map<string, Track>();
  /** About the Dockerfile: for the end, where they are seen. */
  readonly #warnings: Diagnostic[] = [];
  /** Running phases, the latest last. */
  #phases: readonly string[] = [];
  /** The time of the last event: what is cut short is stamped with it. */
  #now = 0;

  constructor(screen: Screen, { folds, timestamps = false }: PlainOptions) {
    this.#screen = screen;
    this.#timestamps = timestamps;
    this.#turns = folds === undefined ? new Turns(screen) : new Folds(screen, folds);
  }

  tell(event: BuildEvent): void {
    this.#now = "time" in event ? event.time : Date.now();
    this.#handle(event);
    this.#turns.settle(this.#now);
    if (event.type === "step-output") this.#turns.flushSoon();
    else this.#turns.flush();
  }

  close(): void {
    for (const track of this.#tracks.values()) {
      const rests = this.#restLines(track, this.#now);
      if (!track.speaker.ended && rests.length > 0) this.#turns.say(track.speaker, this.#now, rests);
    }
    this.#turns.close();
    const warnings = warningsText(this.#warnings, PLAIN_STYLE, Infinity);
    if (warnings !== "") this.#screen.write(warnings);
  }

  #handle(event: BuildEvent): void {
    switch (event.type) {
      case "plan":
        for (const step of event.steps) this.#names.set(step.id, step.name);
        return;
      case "step-started":
        this.#step(event);
        return;
      case "step-waiting":
        // Whose turn it is soon is nothing that anybody reads in a log.
        if (event.for === "slot") return;
        return this.#turns.say(this.#step(event).speaker, event.time, [WAITING.build]);
      case "step-explained":
        return this.#onExplained(event);
      case "step-output":
        return this.#onOutput(event);
      case "step-cached":
        return this.#end(this.#step(event), event.time, "CACHED");
      case "step-done":
        return this.#done(this.#step(event), event.time);
      case "step-failed":
        return this.#end(this.#step(event), event.time, `ERROR: ${sanitize(event.message)}`);
      case "step-canceled":
        return this.#end(this.#step(event), event.time, "CANCELED");
      case "transfer":
        return this.#onTransfer(event);
      case "phase":
        return this.#onPhase(event);
      case "warning":
        if (event.diagnostic !== undefined) this.#warnings.push(event.diagnostic);
        else this.#turns.remark(`WARNING: ${sanitize(event.message)}`);
        return;
      case "notice":
        return this.#turns.remark(`NOTE: ${sanitize(event.message)}`);
    }
  }

  #onExplained(event: Of<"step-explained">): void {
    const lines = event.words.map((reason) => `why: ${sanitize(reason)}`);
    this.#turns.say(this.#step(event).speaker, event.time, lines);
  }

  #onOutput(event: Of<"step-output">): void {
    const track = this.#step(event);
    const { lines, rest } = splitLines(track.rests[event.stream], event.data);
    track.rests[event.stream] = rest;
    const stamped = lines.map((line) => this.#outputLine(track, event.time, line));
    if (stamped.length > 0) this.#turns.say(track.speaker, event.time, stamped);
  }

  #onTransfer(event: Of<"transfer">): void {
    const phase = this.#phases.at(-1);
    const own = event.id === undefined && phase === undefined;
    const key = event.id ?? (own ? `transfer:${event.task}` : `phase:${phase}`);
    const track = this.#track(key, this.#names.get(key) ?? phase ?? event.label, event.time);
    const known = track.transfers.get(event.task) ?? { started: event.time, told: event.time };
    if (event.done) track.transfers.delete(event.task);
    else track.transfers.set(event.task, known);
    if (!event.done && event.time - known.told < TRANSFER_INTERVAL) return;
    known.told = event.time;
    const took = formatSeconds(event.time - known.started);
    const amount = `${formatAmount(event.current, event.total)} ${took}`;
    const line = `${sanitize(event.label)} ${amount}${event.done ? " done" : ""}`;
    if (own && event.done) this.#end(track, event.time, line);
    else this.#turns.say(track.speaker, event.time, [line]);
  }

  #onPhase(event: Of<"phase">): void {
    const track = this.#track(`phase:${event.name}`, event.name, event.time);
    const others = this.#phases.filter((name) => name !== event.name);
    this.#phases = event.state === "started" ? [...others, event.name] : others;
    if (event.state === "done") this.#done(track, event.time);
    else if (event.state === "failed") this.#end(track, event.time, "ERROR");
  }

  #step(event: { readonly id: string; readonly time: number }): Track {
    return this.#track(event.id, this.#names.get(event.id) ?? event.id, event.time);
  }

  /** The track of a key; one that ended begins anew, under another number. */
  #track(key: string, name: string, time: number): Track {
    const known = this.#tracks.get(key);
    if (known !== undefined && !known.speaker.ended) return known;
    const track: Track = {
      speaker: this.#turns.join(sanitize(name), time),
      rests: { stdout: NO_REST, stderr: NO_REST },
      transfers: new Map(),
    };
    this.#tracks.set(key, track);
    return track;
  }

  #done(track: Track, time: number): void {
    this.#end(track, time, `DONE ${formatSeconds(time - track.speaker.started)}`);
  }

  #end(track: Track, time: number, state: string): void {
    this.#turns.end(track.speaker, time, [...this.#restLines(track, time), state]);
  }

  #restLines(track: Track, time: number): string[] {
    const rests = [track.rests.stdout, track.rests.stderr].filter((rest) => rest.length > 0);
    return rests.map((rest) => this.#outputLine(track, time, lineOf(rest)));
  }

  #outputLine(track: Track, time: number, line: string): string {
    const since = ((time - track.speaker.started) / 1000).toFixed(3);
    return `${this.#timestamps ? new Date(time).toISOString() : since} ${sanitizeKeepingColour(line)}`;
  }
}
