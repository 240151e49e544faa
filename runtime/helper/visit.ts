import type { EntryVisitor } from "../types.ts";
import { getEntry } from "./encode.ts";
import type { OnFrame } from "./lane.ts";
import { FRAME } from "./protocol.ts";
import { FrameReader } from "./reader.ts";

/** Hands the entries that the helper sends to a visitor. */
export function visitFrames(visit: EntryVisitor): OnFrame {
  return (type, payload) => {
    if (type === FRAME.DATA) visit.data(payload);
    else if (type === FRAME.ENTRY) visit.entry(getEntry(new FrameReader(payload)));
    else if (type === FRAME.WHITEOUT) visit.whiteout(new FrameReader(payload).name());
    else if (type === FRAME.OPAQUE) visit.opaque(new FrameReader(payload).name());
  };
}
