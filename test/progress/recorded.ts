import type { BuildEvent, VertexId } from "../../builder/core/events.ts";

/** A vertex id for tests: what it is called is its id. */
export function id(name: string): VertexId {
  return name as VertexId;
}

/** What a step wrote. */
export function output(
  step: string,
  text: string,
  time: number,
  stream: "stdout" | "stderr" = "stdout",
): BuildEvent {
  return { type: "step-output", id: id(step), stream, data: Buffer.from(text), time };
}

const START = 1_700_000_000_000;

/** A build of two stages: one step cached, two that ran side by side, a transfer, a warning, and a phase at the end. */
export const RECORDED: readonly BuildEvent[] = [
  {
    type: "plan",
    steps: [
      { id: id("context"), name: "[internal] load build context", inputs: [] },
      { id: id("base"), name: "[builder 1/3] FROM docker.io/library/debian:12", inputs: [] },
      {
        id: id("apt"),
        name: "[builder 2/3] RUN apt-get update && apt-get install -y gcc make",
        inputs: [id("base")],
      },
      { id: id("make"), name: "[builder 3/3] RUN make", inputs: [id("apt")] },
      { id: id("assets"), name: "[assets 2/2] RUN ./pack 日本語.txt", inputs: [id("base")] },
    ],
  },
  { type: "step-started", id: id("context"), time: START },
  { type: "step-done", id: id("context"), time: START + 40 },
  { type: "step-started", id: id("base"), time: START + 40 },
  {
    type: "transfer",
    task: "l1",
    label: "sha256:aaaa",
    id: id("base"),
    current: 0,
    total: 3_200_000,
    done: false,
    time: START + 50,
  },
  {
    type: "transfer",
    task: "l1",
    label: "sha256:aaaa",
    id: id("base"),
    current: 1_600_000,
    total: 3_200_000,
    done: false,
    time: START + 400,
  },
  {
    type: "transfer",
    task: "l1",
    label: "sha256:aaaa",
    id: id("base"),
    current: 3_200_000,
    total: 3_200_000,
    done: true,
    time: START + 900,
  },
  { type: "step-done", id: id("base"), time: START + 1000 },
  { type: "step-cached", id: id("apt"), time: START + 1010 },
  { type: "warning", message: 'Stage name "Builder" is not lower-case' },
  { type: "step-started", id: id("make"), time: START + 1020 },
  { type: "step-started", id: id("assets"), time: START + 1030 },
  output("make", "cc -c a.c\ncc -c b", START + 1100),
  output("assets", "packing 10%\rpacking 100%\n", START + 1200),
  output("make", ".c\n\x1b[31ma.c:1: warning\x1b[0m\x1b[2J\x1b]0;owned\x07\n", START + 1300, "stdout"),
  output("assets", "日本語.txt packed", START + 1400),
  { type: "step-done", id: id("assets"), time: START + 1500 },
  { type: "step-done", id: id("make"), time: START + 2020 },
  { type: "phase", name: "exporting layers", state: "started", time: START + 2030 },
  { type: "phase", name: "exporting layers", state: "done", time: START + 2130 },
];
