import { mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, TsbuildError } from "../core/errors.ts";
import { nearest } from "../core/suggest.ts";
import { readRecord } from "../store/files.ts";
import { namesIn } from "../store/names-in.ts";
import { bootId } from "../store/session.ts";
import type { Store } from "../store/types.ts";
import { readEnding, writeEnding } from "./ending.ts";
import { newName } from "./names.ts";
import { isPaused } from "./paused.ts";
import { parseRecord, serializeRecord } from "./record.ts";
import { readRestarts } from "./restarts.ts";
import { isSupervised } from "./supervisor.ts";
import type { Container, ContainerRecord, Ending } from "../api/container-types.ts";

const ID = /^[0-9a-f]{64}$/;
/** What docker says of containers that a restart of the machine ended. */
const LOST = 255;
const KILLED = 137;

/** The containers of a store, newest first; what ended without a word is noted on the way. */
export async function listContainers(store: Store): Promise<Container[]> {
  const ids = namesIn(join(store.root, "containers")).filter((name) => ID.test(name));
  const found = await Promise.all(ids.map((id) => openContainer(store, id)));
  return found
    .filter((container) => container !== undefined)
    .sort((a, b) => (a.record.created < b.record.created ? 1 : -1));
}

/** A container by its id; undefined where it is gone, or is just being removed. */
export async function openContainer(store: Store, id: string): Promise<Container | undefined> {
  const directory = join(store.root, "containers", id);
  const value = readRecord(join(directory, "container.json"));
  const record = parseRecord(id, value);
  if (value === undefined) {
    if (statSync(join(directory, "container.json"), { throwIfNoEntry: false }) === undefined)
      return undefined;
    return { record, directory, state: { status: "dead" } };
  }
  return { record, directory, ...(await stateOf(record, directory)) };
}

/** The container that a user means: by name, by id, or by the beginning of one id alone. */
export async function findContainer(store: Store, reference: string): Promise<Container> {
  const all = await listContainers(store);
  const name = reference.replace(/^\//, "");
  const exact = all.find(({ record }) => record.id === name || (name !== "" && record.name === name));
  if (exact !== undefined) return exact;
  const matching = /^[0-9a-f]+$/.test(name) ? all.filter(({ record }) => record.id.startsWith(name)) : [];
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return only;
  if (only !== undefined) {
    throw new TsbuildError(
      "CONTAINER_NOT_FOUND",
      `Cannot tell which container "${reference}" is: ${matching.length} ids begin with it`,
      { hint: "write more digits of the id, or the name" },
    );
  }
  const near = nearest(
    name,
    all.map(({ record }) => record.name),
  );
  throw new TsbuildError(
    "CONTAINER_NOT_FOUND",
    `Cannot find container "${reference}": the store has no container of this name or id`,
    { hint: near === undefined ? "tsbuild ps -a lists what is there" : `did you mean "${near}"?` },
  );
}

const NAMING = "containers";

/** Loads what naming takes, which costs some milliseconds: while others are waited for it costs none. */
export async function prepareNaming(store: Store): Promise<void> {
  (await store.locks.tryAcquire(NAMING))?.[Symbol.dispose]();
}

/** Makes a container's directory; its name is nobody else's. `make` is given the name. */
export async function createContainer(
  store: Store,
  wanted: string | undefined,
  make: (name: string) => ContainerRecord,
): Promise<Container> {
  const lock = await store.locks.acquire(NAMING);
  try {
    const record = make(freeName(store, wanted));
    const made = store.tempPath("container");
    mkdirSync(made, { mode: 0o700 });
    writeFileSync(join(made, "container.json"), serializeRecord(record));
    const directory = store.path("containers", record.id);
    renameSync(made, directory);
    return { record, directory, state: { status: "created" } };
  } finally {
    lock[Symbol.dispose]();
  }
}

/** Gives a container another name, if nobody has it. */
export async function renameRecord(store: Store, container: Container, name: string): Promise<void> {
  using lock = await store.locks.acquire(NAMING);
  void lock;
  updateContainer(store, container, { ...container.record, name: freeName(store, name) });
}

/** The name that is wanted, if nobody has it. */
function freeName(store: Store, wanted: string | undefined): string {
  const owners = new Map<string, string>();
  for (const id of namesIn(join(store.root, "containers"))) {
    const { name } = parseRecord(id, readRecord(join(store.root, "containers", id, "container.json")));
    if (name !== "") owners.set(name, id);
  }
  if (wanted === undefined) return newName(new Set(owners.keys()));
  const owner = owners.get(wanted);
  if (owner === undefined) return wanted;
  throw new TsbuildError(
    "CONTAINER_CONFLICT",
    `Cannot name a container "${wanted}": container ${owner.slice(0, 12)} has this name`,
    { hint: `remove it with "tsbuild rm ${wanted}", or choose another name` },
  );
}

/** Writes a record anew, whole or not at all. */
export function updateContainer(store: Store, { directory }: Container, record: ContainerRecord): void {
  store.writeFile(join(directory, "container.json"), serializeRecord(record));
}

/** Takes a container out of the store. False where somebody else did. */
export async function discardContainer(
  store: Store,
  { directory }: Pick<Container, "directory">,
  remove: (directories: readonly string[]) => Promise<void>,
): Promise<boolean> {
  const aside = store.tempPath("container");
  try {
    renameSync(directory, aside);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
  await remove([aside]);
  return true;
}

async function stateOf(
  record: ContainerRecord,
  directory: string,
): Promise<Pick<Container, "state" | "restarts">> {
  // In this order: it writes how it ended, and is gone then.
  const ending = readEnding(directory);
  const supervised = ending === undefined && (await isSupervised(directory));
  const restarts = readRestarts(directory);
  const started = record.started && { ...record.started, ...restarts?.process };
  const known = restarts === undefined ? {} : { restarts: restarts.count };
  if (ending !== undefined)
    return { ...known, state: { status: "exited", ending, ...(started && { started }) } };
  if (supervised && started === undefined) return { state: { status: "created" } };
  if (supervised && started !== undefined) {
    if (restarts !== undefined && restarts.process === undefined)
      return { ...known, state: { status: "restarting", started, ending: restarts.last } };
    return { ...known, state: { status: "running", started, ...(isPaused(directory) && { paused: true }) } };
  }
  const late = readEnding(directory);
  if (late !== undefined)
    return { ...known, state: { status: "exited", ending: late, ...(started && { started }) } };
  if (started === undefined) return { state: { status: "created" } };
  const lost = lostEnding(started.boot !== bootId());
  try {
    writeEnding(directory, lost);
  } catch {
    // It is removed at this moment, or the store cannot be written to: it is over all the same.
  }
  return { ...known, state: { status: "exited", started, ending: lost } };
}

function lostEnding(restarted: boolean): Ending {
  return {
    code: restarted ? LOST : KILLED,
    outOfMemory: false,
    time: new Date().toISOString(),
    message: restarted ? "the machine was restarted" : "its supervisor was killed, and it died with it",
  };
}
