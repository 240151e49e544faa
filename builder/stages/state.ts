import type { Platform } from "../core/platform.ts";
import type { HistoryEntry, RunConfig } from "../image/types.ts";
import { resolveAgainst } from "../core/paths.ts";
import { ENTRY } from "./budget.ts";
import type { Place, PlannedStageStep, StageHistory, StagePlan } from "./types.ts";
import { scopeOf, type Scope } from "./variables.ts";

/** How a history entry is to be read: docker, dive and scanners know this form. */
const HISTORY_COMMENT = "buildkit.dockerfile.v0";

/** BuildKit system.DefaultPathEnvUnix. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

type Draft<T> = { -readonly [K in keyof T]?: T[K] | undefined };

/** What a stage starts from: the image of its base. */
export interface Beginning {
  readonly config: RunConfig;
  readonly author?: string | undefined;
  readonly history: readonly StageHistory[];
  readonly platform: Platform;
  readonly imagePlatform: Platform;
  /** What a parent stage has in scope beside its config (rule 13: arguments reach child stages). */
  readonly args?: ReadonlyMap<string, string | undefined>;
  readonly values?: ReadonlyMap<string, string>;
  readonly workdirSet?: boolean;
}

/** A stage while its instructions are worked through, one after the other. */
export class StageState {
  readonly platform: Platform;
  readonly imagePlatform: Platform;
  /** All of the config but Env, Labels, Volumes, ExposedPorts and OnBuild. */
  readonly config: Draft<RunConfig>;
  readonly env: Map<string, string>;
  readonly labels: Map<string, string>;
  readonly volumes: Set<string>;
  readonly ports: Set<string>;
  /** ONBUILD: for those who build on this stage. */
  readonly triggers: string[] = [];
  /** Declared arguments in order; undefined for one that has no value. */
  readonly args: Map<string, string | undefined>;
  /** What RUN and expansion see: config.Env, with ARG and ENV over it in the order of the file (rule 12). */
  readonly values: Map<string, string>;
  author: string | undefined;
  /** ENTRYPOINT keeps a CMD of the same stage alone (rule 17). */
  cmdSet = false;
  /** A WORKDIR of this Dockerfile stands before: of this stage, or of one that it is built on. */
  workdirSet: boolean;
  /** The variables as they are now. */
  readonly scope: Scope;
  readonly #index: number;
  readonly #withSteps: boolean;
  readonly #steps: PlannedStageStep[] = [];
  readonly #history: StageHistory[];

  /** Where `withSteps` is false nobody asks for steps and history: they are not even worked out. */
  constructor(index: number, beginning: Beginning, withSteps: boolean) {
    const { config } = beginning;
    this.#index = index;
    this.#withSteps = withSteps;
    this.platform = beginning.platform;
    this.imagePlatform = beginning.imagePlatform;
    // Triggers of the base have been taken by now: they never go on to a grandchild (rule 21).
    const {
      Env: _env,
      Labels: _labels,
      Volumes: _volumes,
      ExposedPorts: _ports,
      OnBuild: _triggers,
      ...rest
    } = config;
    this.config = { ...rest };
    this.env = new Map((config.Env ?? []).map(splitVariable));
    if (!this.env.has("PATH")) this.env.set("PATH", DEFAULT_PATH);
    this.labels = new Map(Object.entries(config.Labels ?? {}));
    this.volumes = new Set(Object.keys(config.Volumes ?? {}));
    this.ports = new Set(Object.keys(config.ExposedPorts ?? {}));
    this.args = new Map(beginning.args);
    this.values = new Map(beginning.values);
    for (const [name, value] of this.env) this.values.set(name, value);
    this.scope = scopeOf(this.values, this.args);
    this.author = beginning.author;
    this.workdirSet = beginning.workdirSet ?? false;
    this.#history = [...beginning.history];
  }

  get workdir(): string {
    return resolveAgainst("/", this.config.WorkingDir ?? "");
  }

  get user(): string {
    return this.config.User ?? "";
  }

  /** The argv of a shell form. */
  shell(text: string): readonly string[] {
    const shell = this.config.Shell ?? [];
    return [...(shell.length > 0 ? shell : ["/bin/sh", "-c"]), text];
  }

  /** The environment of a process: config.Env in its order, then the arguments. */
  processEnv(): readonly string[] {
    const names = new Set([...this.env.keys(), ...this.values.keys()]);
    return [...names].map((name) => `${name}=${this.values.get(name) ?? ""}`);
  }

  /** What that costs of the budget. */
  processEnvCost(): number {
    let cost = 0;
    // All of config.Env is among them.
    this.values.forEach((value, name) => (cost += ENTRY + name.length + 1 + value.length));
    return cost;
  }

  /** The variables of `processEnv` that are arguments. */
  argNames(): readonly string[] {
    const isArgument = (name: string): boolean =>
      this.values.has(name) && this.values.get(name) !== this.env.get(name);
    return [...this.args.keys()].filter(isArgument);
  }

  /** Adds a line of history that has no step. */
  record(createdBy: () => string): void {
    if (!this.#withSteps) return;
    this.#history.push({ entry: historyEntry(createdBy(), true), inherited: false });
  }

  /** Adds a step and its line of history. */
  step(make: () => { readonly createdBy: string; readonly step: PlannedStageStep }): void {
    if (!this.#withSteps) return;
    const { createdBy, step } = make();
    this.#history.push({
      entry: historyEntry(createdBy, false),
      inherited: false,
      step: { stage: this.#index, step: this.#steps.length },
    });
    this.#steps.push(step);
  }

  finish(identity: Pick<StagePlan, "label" | "base" | "baseName"> & { readonly at: Place }): StagePlan {
    return {
      index: this.#index,
      ...identity,
      platform: this.platform,
      imagePlatform: this.imagePlatform,
      steps: this.#steps,
      config: this.#runConfig(),
      ...(this.author === undefined ? {} : { author: this.author }),
      history: this.#history,
    };
  }

  #runConfig(): RunConfig {
    const all: Draft<RunConfig> = {
      ...this.config,
      Env: [...this.env].map(([name, value]) => `${name}=${value}`),
      Labels: this.labels.size === 0 ? undefined : Object.fromEntries(this.labels),
      Volumes: emptyObjects(this.volumes),
      ExposedPorts: emptyObjects(this.ports),
      OnBuild: this.triggers.length === 0 ? undefined : this.triggers,
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as RunConfig;
  }
}

/** `K=V`; a base image's variable without `=` is an empty one. */
function splitVariable(text: string): [string, string] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
}

function emptyObjects(
  names: ReadonlySet<string>,
): Readonly<Record<string, Readonly<Record<string, never>>>> | undefined {
  return names.size === 0 ? undefined : Object.fromEntries([...names].map((name) => [name, {}]));
}

function historyEntry(createdBy: string, empty: boolean): HistoryEntry {
  return { created_by: createdBy, comment: HISTORY_COMMENT, ...(empty ? { empty_layer: true } : {}) };
}
