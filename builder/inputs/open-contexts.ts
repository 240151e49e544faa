import { join, resolve } from "node:path";
import { messageOf, TsbuildError } from "../core/errors.ts";
import { isTrue } from "../core/is-true.ts";
import { placeName } from "../core/place-name.ts";
import { redact } from "../core/redact.ts";
import type { EntryTree } from "../context/entry-tree.ts";
import type { GitRequest } from "../context/git/types.ts";
import { openLocalContext, type LocalContext } from "../context/local.ts";
import { placeOf, type ContextPlace, type FetchedPlace } from "../context/place.ts";
import type { OpenedContext } from "../context/remote.ts";
import type { BuildContext } from "../context/types.ts";
import { parseReference } from "../image/reference.ts";
import { ownDockerfile } from "./dockerfile-names.ts";
import { transportFor } from "./offline.ts";
import { BuildSecrets } from "../session/secrets.ts";
import type { Session } from "../session/session.ts";
import { splitPlatform } from "../stages/lookup.ts";
import type { BuildOptions } from "../api/types.ts";

/** The contexts of a build by name, and images that stand in for others. */
export interface Contexts {
  readonly main: BuildContext;
  /** Where PATH is no directory and no archive but the Dockerfile itself, and where --file is a URL. */
  readonly dockerfile?: NonNullable<OpenedContext["dockerfile"]>;
  /** Whether PATH is a directory of this machine: --file is a path of this machine then, else one in the context. */
  readonly isLocal: boolean;
  /** All names of --build-context. */
  readonly names: readonly string[];
  /** Those that are images: name → reference; a layout's reference is its own name. */
  readonly images: ReadonlyMap<string, string>;
  /** `--build-context NAME=oci-layout://DIR`. */
  readonly layouts: ReadonlyMap<string, string>;
  /** Finds out which commit or bytes a named context is, where a lock wants to know. */
  settle(name: string): Promise<void>;
  /** Opens a named context, which may mean to fetch it. */
  open(name: string, signal: AbortSignal): Promise<void>;
  /** A context that is open. */
  get(name: string): BuildContext;
  /** The directory of this machine that a context is; undefined for one that was fetched. */
  directory(name: string): string | undefined;
  /** Keeps what was learnt of the files for the next build. */
  save(): void;
}

const IMAGE = "docker-image://";
const LAYOUT = "oci-layout://";

/** A place as a lock has it: of this commit, with these bytes. */
type Settle = (place: FetchedPlace) => Promise<FetchedPlace>;

/** Opens what the command line names. Of a directory nothing is read yet; named contexts are opened when a step needs them. */
export async function openContexts(
  session: Session,
  options: BuildOptions,
  settled: Settle = async (place) => place,
): Promise<Contexts> {
  const { images, layouts, places } = namedContexts(options.contexts ?? {});
  // Everything that a build asks the outside for is asked from here on.
  session.offline = options.offline === true;
  const opener = new Opener(session, options, settled);
  const given = withGitDir(placeOf(options.context), options.buildArgs["BUILDKIT_CONTEXT_KEEP_GIT_DIR"]);
  const settledPlace = async (place: ContextPlace): Promise<ContextPlace> =>
    place.kind === "directory" ? place : settled(place);
  const place = await settledPlace(given);
  const named = new Map<string, Promise<ContextPlace>>();
  const settle = (name: string, source: string): Promise<ContextPlace> => {
    const known = named.get(name) ?? settledPlace(placeOf(source));
    named.set(name, known);
    return known;
  };
  const opened = await opener.openMain(place);
  const contexts = new Map<string, BuildContext>([["", opened.context]]);
  return {
    main: opened.context,
    ...(opened.dockerfile === undefined ? {} : { dockerfile: opened.dockerfile }),
    isLocal: place.kind === "directory",
    names: Object.keys(options.contexts ?? {}),
    images,
    layouts,
    async settle(name) {
      const source = places.get(name);
      if (source !== undefined) await settle(name, source);
    },
    async open(name, signal) {
      const source = places.get(name);
      if (source === undefined || contexts.has(name)) return;
      contexts.set(name, await opener.openNamed(name, source, await settle(name, source), signal));
    },
    get(name) {
      const context = contexts.get(name);
      if (context !== undefined) return context;
      throw new TsbuildError("INTERNAL", `Cannot find build context "${name}": it is not open`);
    },
    directory(name) {
      const source = name === "" ? options.context : places.get(name);
      return source !== undefined && placeOf(source).kind === "directory" ? source : undefined;
    },
    save: () => opener.save(),
  };
}

/** BuildKit's way to ask for the `.git` of a repository that is the context: of the main one alone. */
function withGitDir(place: ContextPlace, asked: string | undefined): ContextPlace {
  return place.kind === "git" && isTrue(asked)
    ? { ...place, git: { ...place.git, keepGitDir: true } }
    : place;
}

function namedContexts(contexts: Readonly<Record<string, string>>): {
  readonly images: ReadonlyMap<string, string>;
  readonly layouts: ReadonlyMap<string, string>;
  readonly places: ReadonlyMap<string, string>;
} {
  const images = new Map<string, string>();
  const layouts = new Map<string, string>();
  const places = new Map<string, string>();
  for (const [name, source] of Object.entries(contexts)) {
    checkName(name);
    if (source.startsWith(LAYOUT)) {
      layouts.set(name, source);
      images.set(name, name);
    } else if (source.startsWith(IMAGE)) {
      const reference = source.slice(IMAGE.length);
      if (reference !== "scratch") parseReference(reference);
      images.set(name, reference);
    } else if (/^(target|input):/.test(source)) {
      throw unsupported(name, source, "targets of other builds are not supported");
    } else places.set(name, source);
  }
  return { images, layouts, places };
}

/** A name stands where an image's name could: it has to look like one (buildx parseContextNames). */
function checkName(name: string): void {
  try {
    parseReference(splitPlatform(name).name);
  } catch (cause) {
    throw new TsbuildError("USAGE", `Cannot use build context "${name}": ${messageOf(cause)}`, {
      cause,
      hint: "name it in lower case, as a stage or an image; NAME::linux/arm64 is for one platform alone",
    });
  }
}

function unsupported(name: string, source: string, state: string): TsbuildError {
  return new TsbuildError("UNSUPPORTED", `Cannot use build context "${name}=${redact(source)}": ${state}`, {
    hint: "a directory, docker-image://, oci-layout://, https:// and git URLs are",
  });
}

function urlOf(text: string): URL | undefined {
  return /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}

/** Opens contexts of one build, and remembers which have something to keep. */
class Opener {
  readonly #session: Session;
  readonly #options: BuildOptions;
  readonly #settle: Settle;
  readonly #locals: { readonly local: LocalContext; readonly index: readonly string[] }[] = [];

  constructor(session: Session, options: BuildOptions, settle: Settle) {
    this.#session = session;
    this.#options = options;
    this.#settle = settle;
  }

  openMain(place: ContextPlace): Promise<OpenedContext> {
    const { context, dockerfile } = this.#options;
    if (place.kind === "directory") {
      const url = dockerfile === undefined ? undefined : urlOf(dockerfile);
      if (dockerfile !== undefined && url !== undefined) return this.#withDockerfile(dockerfile, url);
      const path = dockerfile === "-" ? undefined : (dockerfile ?? ownDockerfile(context));
      const named = path === undefined ? {} : { dockerfilePath: path };
      return Promise.resolve({ context: this.#openDirectory(context, named) });
    }
    if (place.kind === "stdin" && dockerfile === "-") {
      throw new TsbuildError(
        "USAGE",
        "Cannot read both the Dockerfile and the build context from standard input",
        {
          hint: "leave --file out: the archive has the Dockerfile in it",
        },
      );
    }
    return this.#phase(`load build context ${redact(context)}`, () =>
      this.#openRemote(place, context, true, this.#options.signal),
    );
  }

  /** --file with a URL, as buildx has it. */
  async #withDockerfile(text: string, url: URL): Promise<OpenedContext> {
    const { context, signal } = this.#options;
    const local = this.#openDirectory(context, {});
    const name = `load Dockerfile ${redact(text)}`;
    const place = await this.#settle({ kind: "http", url });
    const { dockerfile } = await this.#phase(name, () => this.#openRemote(place, text, true, signal));
    if (dockerfile !== undefined) return { context: local, dockerfile };
    throw new TsbuildError("DOCKERFILE_INVALID", `Cannot use --file ${text}: it is an archive`, {
      hint: "an archive can be PATH",
    });
  }

  async openNamed(
    name: string,
    source: string,
    place: ContextPlace,
    signal: AbortSignal,
  ): Promise<BuildContext> {
    if (place.kind === "directory") return this.#openDirectory(source, {});
    if (place.kind === "stdin") throw unsupported(name, source, "only PATH can be standard input");
    return (await this.#openRemote(place, source, false, signal)).context;
  }

  save(): void {
    const { store } = this.#session;
    for (const { local, index } of this.#locals) {
      const file = store.path(...index);
      local.saveIndex();
      store.touch(file);
    }
  }

  #openDirectory(directory: string, named: { readonly dockerfilePath?: string }): LocalContext {
    const { store } = this.#session;
    // Nothing is made in the store until there is something to keep: a check writes nothing where there is no store.
    const index = ["context", placeName(resolve(directory))];
    const indexFile = join(store.root, ...index);
    const local = openLocalContext({ directory, indexFile, ...named });
    this.#locals.push({ local, index });
    return local;
  }

  async #openRemote(
    place: FetchedPlace,
    name: string,
    unpack: boolean,
    signal: AbortSignal,
  ): Promise<OpenedContext> {
    const [{ openRemote }, { fetchFiles, transfer }] = await Promise.all([
      import("../context/remote.ts"),
      import("./fetch-files.ts"),
    ]);
    const { store, env } = this.#session;
    const transport = transportFor(this.#session, redact(`download ${name}`));
    const progress = transfer(this.#options.emit, name);
    const secrets = new BuildSecrets(this.#options.secrets ?? [], {}, env);
    const secretOf = (id: string): Buffer | undefined => secrets.value(id);
    const { stdin } = process;
    const fetchGit = (request: GitRequest): Promise<EntryTree> =>
      fetchFiles(this.#session, request, signal, secretOf);
    return openRemote(place, name, unpack, { store, transport, fetchGit, signal, secretOf, stdin, progress });
  }

  async #phase<T>(name: string, work: () => Promise<T>): Promise<T> {
    const { emit } = this.#options;
    emit({ type: "phase", name, state: "started", time: Date.now() });
    try {
      const result = await work();
      emit({ type: "phase", name, state: "done", time: Date.now() });
      return result;
    } catch (error) {
      emit({ type: "phase", name, state: "failed", time: Date.now() });
      throw error;
    }
  }
}
