import type { Bytes } from "../../builder/core/bytes.ts";
import { FRAME, FRAME_HEADER } from "./protocol.ts";

/** Takes values out of a frame's payload, in their order. */
export class FrameReader {
  readonly #data: Buffer;
  #at = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  u8(): number {
    return this.#data.readUInt8(this.#at++);
  }

  u32(): number {
    this.#at += 4;
    return this.#data.readUInt32LE(this.#at - 4);
  }

  /** A 64-bit number in two's complement. */
  i64(): number {
    this.#at += 8;
    return this.#data.readInt32LE(this.#at - 4) * 2 ** 32 + this.#data.readUInt32LE(this.#at - 8);
  }

  name(): Bytes {
    const size = this.u32();
    this.#at += size + 1;
    return this.#data.toString("latin1", this.#at - size - 1, this.#at - 1) as Bytes;
  }

  text(): string {
    const size = this.u32();
    this.#at += size + 1;
    return this.#data.toString("utf8", this.#at - size - 1, this.#at - 1);
  }

  bytes(): Bytes {
    const size = this.u32();
    this.#at += size;
    return this.#data.toString("latin1", this.#at - size, this.#at) as Bytes;
  }
}

/** Cuts a stream of chunks into frames. The bytes of DATA are handed on as they come; every other frame comes whole. */
export class FrameParser {
  readonly #onFrame: (type: number, payload: Buffer) => void;
  #held: Buffer | undefined;
  #dataLeft = 0;

  constructor(onFrame: (type: number, payload: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    let data = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = undefined;
    while (data.length > 0) {
      if (this.#dataLeft > 0) {
        const piece = data.subarray(0, this.#dataLeft);
        this.#dataLeft -= piece.length;
        data = data.subarray(piece.length);
        this.#onFrame(FRAME.DATA, piece);
        continue;
      }
      if (data.length < FRAME_HEADER) break;
      const size = data.readUInt32LE(0);
      const type = data.readUInt8(4);
      if (type === FRAME.DATA) {
        this.#dataLeft = size;
        data = data.subarray(FRAME_HEADER);
        continue;
      }
      if (data.length < FRAME_HEADER + size) break;
      this.#onFrame(type, data.subarray(FRAME_HEADER, FRAME_HEADER + size));
      data = data.subarray(FRAME_HEADER + size);
    }
    if (data.length > 0) this.#held = data;
  }
}
