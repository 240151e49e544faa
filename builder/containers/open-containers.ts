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
    async stop(reference, seconds) {
      const { stopContainer } = await import("./stop.ts");
      return stopContainer(store, reference, seconds);
    },
    async kill(reference, signal) {
      const { killContainer } = await import("./stop.ts");
      return killContainer(store, reference, signal);
    },
    async start(reference, options) {
      const { startContainer } = await import("./start-container.ts");
      return startContainer(services, reference, options);
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
  };
}
