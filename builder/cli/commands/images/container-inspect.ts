import type { Container } from "../../../api/container-types.ts";

/** What docker says of a time that never was. */
const NEVER = "0001-01-01T00:00:00Z";

/** A container in the shape of `docker container inspect`: scripts that read that one read this one. */
export function dockerContainer({ record, state, directory, restarts = 0 }: Container): object {
  const { config, argv, process } = record;
  const [path = "", ...args] = argv;
  return {
    Id: record.id,
    Created: record.created,
    Path: path,
    Args: args,
    State: stateOf(state),
    Image: record.imageId ?? "",
    LogPath: `${directory}/log`,
    Name: `/${record.name}`,
    RestartCount: restarts,
    Driver: "overlay",
    Platform: "linux",
    ExecIDs: null,
    HostConfig: {
      Binds: record.volumes,
      NetworkMode: record.network,
      RestartPolicy: { Name: record.restart?.name ?? "no", MaximumRetryCount: record.restart?.most ?? 0 },
      AutoRemove: record.remove,
      Privileged: false,
    },
    GraphDriver: { Name: "overlay", Data: { UpperDir: `${directory}/fs` } },
    Mounts: record.volumes.map((volume) => {
      const [source, target, mode] = volume.split(":");
      return { Type: "bind", Source: source, Destination: target, Mode: mode ?? "", RW: mode !== "ro" };
    }),
    Config: {
      Hostname: record.hostname,
      User: config.User ?? "",
      Tty: record.tty,
      OpenStdin: record.stdin,
      Env: config.Env ?? [],
      Cmd: config.Cmd ?? null,
      Image: record.image,
      Volumes: config.Volumes ?? null,
      WorkingDir: process?.cwd ?? config.WorkingDir ?? "",
      Entrypoint: config.Entrypoint ?? null,
      Labels: config.Labels ?? {},
      ...(config.StopSignal === undefined ? {} : { StopSignal: config.StopSignal }),
      StopTimeout: record.stopTimeout,
    },
  };
}

function stateOf(state: Container["state"]): object {
  const started = "started" in state ? state.started : undefined;
  const ending = "ending" in state ? state.ending : undefined;
  const isPaused = state.status === "running" && state.paused === true;
  const isRestarting = state.status === "restarting";
  return {
    Status: isPaused ? "paused" : state.status,
    // docker's flags are not exclusive.
    Running: state.status === "running" || isRestarting,
    Paused: isPaused,
    Restarting: isRestarting,
    OOMKilled: ending?.outOfMemory ?? false,
    Dead: state.status === "dead",
    Pid: state.status === "running" ? state.started.pid : 0,
    ExitCode: ending?.code ?? 0,
    Error: ending?.message ?? "",
    StartedAt: started?.time ?? NEVER,
    FinishedAt: ending?.time ?? NEVER,
  };
}
