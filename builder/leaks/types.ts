import type { Bytes } from "../core/bytes.ts";

/** Something in an image that most likely should not be there. Its value is never said. */
export interface Leak {
  /** "a private key", "the value of --secret npm". */
  readonly what: string;
  /** The step whose layer or setting it is in. */
  readonly step: string;
  /** The file of that layer; undefined where it is in the config. */
  readonly path?: Bytes;
  /** One-based line of that file. */
  readonly line?: number;
}

/** A value that was given to steps and must be in no image. */
export interface SecretValue {
  readonly id: string;
  readonly value: Buffer;
}
