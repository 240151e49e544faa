/** Another builder, doing the same work. */
export interface Peer extends AsyncDisposable {
  readonly name: string;
  readonly version: string;
  build(options: PeerBuild): Promise<void>;
  /** Pushes an image that it has to a registry without TLS. */
  push(image: string, reference: string): Promise<void>;
  /** Pulls and unpacks. */
  pull(reference: string): Promise<void>;
  /** Forgets an image and its layers. */
  remove(reference: string): Promise<void>;
  /** Writes an archive that docker loads. */
  save(image: string, path: string): Promise<void>;
  /** Runs `true` in a new container; undefined where it runs none. */
  run?(image: string): Promise<void>;
}

export interface PeerBuild {
  readonly context: string;
  readonly image: string;
  readonly noCache?: boolean;
}

/** What a peer is opened with. */
export interface PeerHost {
  /** A directory of its own. */
  readonly directory: string;
  /** The base image as an archive that docker loads: `base:latest`. */
  readonly baseArchive: string;
  command(argv: readonly string[], env?: NodeJS.ProcessEnv): Promise<string>;
}
