import type { Bytes } from "../../builder/core/bytes.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { FRAME_HEADER, FRAME_MAX } from "./protocol.ts";

/** Appends frames to a buffer: 4 bytes of length, 1 of type, the payload; numbers are little-endian. */
export class FrameWriter {
  #buffer: Buffer;
  #end = 0;
  #start = 0;

  constructor(size = 4096) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  /** How many bytes wait to be taken. */
  get length(): number {
    return this.#end;
  }

  /** What `take` gives a part of. */
  get memory(): Buffer {
    return this.#buffer;
  }

  begin(type: number): this {
    this.#room(FRAME_HEADER);
    this.#start = this.#end;
    this.#buffer[this.#end + 4] = type;
    this.#end += FRAME_HEADER;
    return this;
  }

  u8(value: number): this {
    this.#room(1);
    this.#buffer[this.#end++] = value;
    return this;
  }

  u32(value: number): this {
    this.#room(4);
    this.#end = this.#buffer.writeUInt32LE(value, this.#end);
    return this;
  }

  /** A 64-bit number, negative ones in two's complement. */
  u64(value: number): this {
    this.#room(8);
    const high = Math.floor(value / 2 ** 32);
    this.#buffer.writeUInt32LE(value - high * 2 ** 32, this.#end);
    this.#end = this.#buffer.writeInt32LE(high | 0, this.#end + 4);
    return this;
  }

  /** Text, as UTF-8, with its length before it and a NUL behind it, which C needs. */
  text(value: string): this {
    return this.#string(value, "utf8");
  }

  /** A name in a layer: its bytes as they are. */
  name(value: Bytes | ""): this {
    return this.#string(value, "latin1");
  }

  texts(values: readonly string[]): this {
    this.u32(values.length);
    for (const value of values) this.text(value);
    return this;
  }

  bytes(value: Uint8Array): this {
    return this.u32(value.length).raw(value);
  }

  raw(value: Uint8Array): this {
    this.#room(value.length);
    this.#buffer.set(value, this.#end);
    this.#end += value.length;
    return this;
  }

  end(): this {
    const size = this.#end - this.#start - FRAME_HEADER;
    if (size > FRAME_MAX)
      throw new TsbuildError(
        "SANDBOX",
        `Cannot hand ${size} bytes to the native helper: the limit is ${FRAME_MAX}`,
        {
          hint: "Arguments, environment and secrets of one command must fit into it together",
        },
      );
    this.#buffer.writeUInt32LE(size, this.#start);
    return this;
  }

  /** All frames so far; the writer is empty again, and goes on in `memory`. */
  take(memory: Buffer = Buffer.allocUnsafe(this.#buffer.length)): Buffer {
    const taken = this.#buffer.subarray(0, this.#end);
    this.#buffer = memory;
    this.#end = 0;
    return taken;
  }

  #string(value: string, encoding: "utf8" | "latin1"): this {
    const size = Buffer.byteLength(value, encoding);
    this.u32(size);
    this.#room(size + 1);
    this.#buffer.write(value, this.#end, encoding);
    this.#end += size;
    this.#buffer[this.#end++] = 0;
    return this;
  }

  #room(size: number): void {
    if (this.#end + size <= this.#buffer.length) return;
    const bigger = Buffer.allocUnsafe((this.#end + size) * 2);
    this.#buffer.copy(bigger, 0, 0, this.#end);
    this.#buffer = bigger;
  }
}
