import type { Containers } from "../api/container-types.ts";
import type { ContainerServices } from "./types.ts";

/** The containers of a store; what a command needs is loaded when it is called. */
export function openContainers(services: ContainerServices): Containers {
  const { store } = services;
  return {
    async list() {
      const { listContainers } = await import("./containers.ts");
      const { sweepContainers } = await import("./sweep.ts");
      return sweepContainers(services, await listContainers(store));
    },
    async find(reference) {
      const { findContainer } = await import("./containers.ts");
      return findContainer(store, reference);
    },
    async logs(reference, options) {
      const { showLogs } = await import("./logs.ts");
      return showLogs(store, reference, options);
    },
    async stop(reference, options) {
      const { stopContainer } = await import("./stop.ts");
      return stopContainer(store, reference, options);
    },
    async kill(reference, signal) {
      const { killContainer } = await import("./stop.ts");
      return killContainer(store, reference, signal);
    },
    async start(reference, options) {
      const { startContainer } = await import("./start-container.ts");
      return startContainer(services, reference, options);
    },
    async attach(reference, options) {
      const { attachContainer } = await import("./attach-container.ts");
      return attachContainer(store, reference, options);
    },
    async wait(reference) {
      const { waitContainer } = await import("./stop.ts");
      return waitContainer(store, reference);
    },
    async remove(reference, force) {
      const { removeContainer } = await import("./remove.ts");
      return removeContainer(services, reference, force);
    },
    async exec(reference, options) {
      const { execInContainer } = await import("./exec-container.ts");
      return execInContainer(services, reference, options);
    },
    async commit(reference, options) {
      const { commitContainer } = await import("./commit-container.ts");
      return commitContainer(services, reference, options);
    },
    async rename(reference, name) {
      const { renameContainer } = await import("./rename-container.ts");
      return renameContainer(services, reference, name);
    },
    async pause(reference) {
      const { pauseContainer } = await import("./pause.ts");
      return pauseContainer(store, reference);
    },
    async unpause(reference) {
      const { unpauseContainer } = await import("./pause.ts");
      return unpauseContainer(store, reference);
    },
    async processes(reference) {
      const [{ processesOf }, { findContainer }, { notRunning }] = await Promise.all([
        import("./processes.ts"),
        import("./containers.ts"),
        import("./stop.ts"),
      ]);
      const container = await findContainer(store, reference);
      if (container.state.status !== "running") throw notRunning("look into", container);
      return processesOf(container.state.started);
    },
    async changes(reference) {
      const { containerChanges } = await import("./container-changes.ts");
      return containerChanges(services, reference);
    },
    async copy(from, to, options) {
      const { copyFiles } = await import("./copy-files.ts");
      return copyFiles(services, from, to, options);
    },
  };
}
