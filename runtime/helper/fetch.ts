import type { Entry } from "../../builder/core/entry.ts";
import type { FetchRequest, FetchVisitor, TransferPlace } from "../types.ts";
import { expectAnswer } from "./answer.ts";
import { getEntry, putRoot } from "./encode.ts";
import type { Lane } from "./lane.ts";
import { FETCH, FRAME } from "./protocol.ts";
import { FrameReader } from "./reader.ts";
import { visitFrames } from "./visit.ts";
import { FrameWriter } from "./writer.ts";

/** So much is taken before whoever takes it is asked whether it can take more. */
const PIECE = 1024 * 1024;

/** Files of a container or of the host, as fast as the visitor takes them. */
export async function fetchOn(
  lane: Lane,
  { root, path, name, follow }: FetchRequest,
  visit: FetchVisitor,
  signal: AbortSignal | undefined,
): Promise<void> {
  const command = putRoot(new FrameWriter().begin(FRAME.FETCH), root)
    .text(path)
    .text(name)
    .u32(follow ? FETCH.FOLLOW : 0);
  const take = visitFrames(visit);
  let taken = 0;
  const answer = await lane.exchange(
    command.end().take(),
    (type, payload) => {
      take(type, payload);
      taken += payload.length;
      if (taken < PIECE || visit.drain === undefined) return;
      taken = 0;
      lane.hold(visit.drain());
    },
    signal,
  );
  expectAnswer(answer, "CONTAINER_STATE");
}

/** What is at a path, without its bytes. */
export async function lookOn(
  lane: Lane,
  { root, path }: TransferPlace,
  follow: boolean,
): Promise<Entry | undefined> {
  let found: Entry | undefined;
  const command = putRoot(new FrameWriter().begin(FRAME.FETCH), root)
    .text(path)
    .text("")
    .u32(FETCH.LOOK + (follow ? FETCH.FOLLOW : 0));
  const answer = await lane.exchange(command.end().take(), (type, payload) => {
    if (type === FRAME.ENTRY) found = getEntry(new FrameReader(payload));
  });
  expectAnswer(answer, "CONTAINER_STATE");
  return found;
}
