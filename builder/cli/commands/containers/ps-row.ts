import type { Container, ContainerState } from "../../../api/container-types.ts";
import { age, span } from "../../age.ts";

/** A container in the words of `docker ps`; the names are those of its --format. */
export interface ContainerRow {
  readonly Command: string;
  readonly CreatedAt: string;
  readonly ID: string;
  readonly Image: string;
  readonly Labels: string;
  readonly Mounts: string;
  readonly Names: string;
  readonly Networks: string;
  readonly Ports: string;
  readonly RunningFor: string;
  readonly State: string;
  readonly Status: string;
}

const SHORT = { id: 12, command: 20 };

export function containerRow({ record, state }: Container, whole: boolean, now: number): ContainerRow {
  const { id, argv, config, created } = record;
  const words = argv.join(" ");
  const cut = whole || words.length <= SHORT.command ? words : `${words.slice(0, SHORT.command - 1)}…`;
  return {
    Command: JSON.stringify(cut),
    CreatedAt: created,
    ID: whole ? id : id.slice(0, SHORT.id),
    Image: record.image,
    Labels: Object.entries(config.Labels ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .join(","),
    Mounts: record.volumes.map((volume) => volume.split(":")[0] ?? "").join(","),
    Names: record.name,
    Networks: record.network,
    Ports: record.ports.join(", "),
    RunningFor: age(created, now),
    State: stateName(state),
    Status: statusText(state, now),
  };
}

/** docker's word for it. */
export function stateName(state: ContainerState): string {
  return state.status === "running" && state.paused === true ? "paused" : state.status;
}

function statusText(state: ContainerState, now: number): string {
  switch (state.status) {
    case "running":
      return `Up ${span(Math.max(0, Math.floor((now - Date.parse(state.started.time)) / 1000) || 0))}${state.paused === true ? " (Paused)" : ""}`;
    case "restarting":
      return `Restarting (${state.ending.code}) ${age(state.ending.time, now)}`;
    case "exited":
      return `Exited (${state.ending.code}) ${age(state.ending.time, now)}`;
    case "created":
      return "Created";
    case "dead":
      return "Dead";
  }
}
