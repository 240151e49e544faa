import { constants } from "node:os";
import { type ErrorCode, TsbuildError } from "../../builder/core/errors.ts";
import type { Answer } from "./lane.ts";
import { FRAME } from "./protocol.ts";
import { FrameReader } from "./reader.ts";

const { ENOSPC, EDQUOT } = constants.errno;

/** Throws what an ERROR frame says, as an error with `code`; disks that are full have a code of their own. */
export function expectAnswer(answer: Answer, code: ErrorCode): FrameReader {
  const reader = new FrameReader(answer.payload);
  if (answer.type !== FRAME.ERROR) return reader;
  const errno = reader.u32();
  const message = reader.text();
  if (errno === ENOSPC || errno === EDQUOT)
    throw new TsbuildError("DISK_FULL", message, {
      hint: "Free space on the file system of the store, or set TSBUILD_ROOT to a directory on another one",
    });
  throw new TsbuildError(code, message);
}
