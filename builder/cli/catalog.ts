import type { Command } from "./types.ts";

/** A command before it is loaded. */
export interface CatalogEntry {
  readonly name: string;
  /** Heading of the help that it stands under. */
  readonly group: "Build" | "Images" | "Registries" | "Containers" | "Cache and store" | "Help";
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every command, in the order of the help. Each is loaded when it is called: a build pays for no other. */
export const COMMANDS: readonly CatalogEntry[] = [
  {
    name: "build",
    group: "Build",
    summary: "Build an image from a Dockerfile",
    load: async () => (await import("./commands/build/build.ts")).buildCommand,
  },
  {
    name: "explain",
    group: "Build",
    summary: "Say why the steps of the last build ran",
    load: async () => (await import("./commands/build/explain.ts")).explainCommand,
  },
  {
    name: "logs",
    group: "Build",
    summary: "Show what a container said, or the steps of the last build",
    load: async () => (await import("./commands/containers/logs.ts")).logsCommand,
  },
  {
    name: "shell",
    group: "Build",
    summary: "Open a shell in the step that failed, or in another one",
    load: async () => (await import("./commands/containers/shell.ts")).shellCommand,
  },
  {
    name: "context",
    group: "Build",
    summary: "Show what COPY can take, what is ignored, and by which line",
    load: async () => (await import("./commands/build/context.ts")).contextCommand,
  },
  {
    name: "verify",
    group: "Build",
    summary: "Build twice, and say what makes the two builds differ",
    load: async () => (await import("./commands/build/verify.ts")).verifyCommand,
  },
  {
    name: "images",
    group: "Images",
    summary: "List the images of the store",
    load: async () => (await import("./commands/images/images.ts")).imagesCommand,
  },
  {
    name: "tag",
    group: "Images",
    summary: "Give an image another name",
    load: async () => (await import("./commands/images/names.ts")).tagCommand,
  },
  {
    name: "rmi",
    group: "Images",
    summary: "Remove names of images from the store",
    load: async () => (await import("./commands/images/names.ts")).rmiCommand,
  },
  {
    name: "inspect",
    group: "Images",
    summary: "Show all that is known of containers and images, as JSON",
    load: async () => (await import("./commands/images/inspect.ts")).inspectCommand,
  },
  {
    name: "history",
    group: "Images",
    summary: "Show how an image was made, step by step",
    load: async () => (await import("./commands/images/history.ts")).historyCommand,
  },
  {
    name: "manifest",
    group: "Images",
    summary: "Show the manifest that a name leads to",
    load: async () => (await import("./commands/images/manifest.ts")).manifestCommand,
  },
  {
    name: "diff",
    group: "Images",
    summary: "Show what differs between two images, or what a container wrote",
    load: async () => (await import("./commands/images/diff.ts")).diffCommand,
  },
  {
    name: "save",
    group: "Images",
    summary: "Write images to an archive",
    load: async () => (await import("./commands/images/archives.ts")).saveCommand,
  },
  {
    name: "load",
    group: "Images",
    summary: "Take the images of an archive into the store",
    load: async () => (await import("./commands/images/archives.ts")).loadCommand,
  },
  {
    name: "push",
    group: "Registries",
    summary: "Send an image to its registry",
    load: async () => (await import("./commands/registries/transfer.ts")).pushCommand,
  },
  {
    name: "pull",
    group: "Registries",
    summary: "Fetch an image from its registry",
    load: async () => (await import("./commands/registries/transfer.ts")).pullCommand,
  },
  {
    name: "copy",
    group: "Registries",
    summary: "Copy an image between registries, archives, layouts and the store",
    load: async () => (await import("./commands/registries/copy.ts")).copyCommand,
  },
  {
    name: "login",
    group: "Registries",
    summary: "Log in to a registry",
    load: async () => (await import("./commands/registries/login.ts")).loginCommand,
  },
  {
    name: "logout",
    group: "Registries",
    summary: "Forget the credentials of a registry",
    load: async () => (await import("./commands/registries/login.ts")).logoutCommand,
  },
  {
    name: "run",
    group: "Containers",
    summary: "Run a command in a new container of an image",
    load: async () => (await import("./commands/containers/run.ts")).runCommand,
  },
  {
    name: "ps",
    group: "Containers",
    summary: "List containers",
    load: async () => (await import("./commands/containers/ps.ts")).psCommand,
  },
  {
    name: "exec",
    group: "Containers",
    summary: "Run a command in a container that runs",
    load: async () => (await import("./commands/containers/exec.ts")).execCommand,
  },
  {
    name: "cp",
    group: "Containers",
    summary: "Copy files between a container and this machine, or a tar",
    load: async () => (await import("./commands/containers/cp.ts")).cpCommand,
  },
  {
    name: "attach",
    group: "Containers",
    summary: "Show what a container says from now on, and end as it does",
    load: async () => (await import("./commands/containers/attach.ts")).attachCommand,
  },
  {
    name: "top",
    group: "Containers",
    summary: "Show the processes of a container",
    load: async () => (await import("./commands/containers/container-shows.ts")).topCommand,
  },
  {
    name: "port",
    group: "Containers",
    summary: "Show where ports of a container are published",
    load: async () => (await import("./commands/containers/container-shows.ts")).portCommand,
  },
  {
    name: "stop",
    group: "Containers",
    summary: "Ask containers to end, and kill those that do not",
    load: async () => (await import("./commands/containers/container-ends.ts")).stopCommand,
  },
  {
    name: "start",
    group: "Containers",
    summary: "Run containers that ended once more",
    load: async () => (await import("./commands/containers/start.ts")).startCommand,
  },
  {
    name: "restart",
    group: "Containers",
    summary: "Stop containers, and run them once more",
    load: async () => (await import("./commands/containers/container-states.ts")).restartCommand,
  },
  {
    name: "kill",
    group: "Containers",
    summary: "Send a signal to containers",
    load: async () => (await import("./commands/containers/container-ends.ts")).killCommand,
  },
  {
    name: "pause",
    group: "Containers",
    summary: "Stop all processes of containers where they are",
    load: async () => (await import("./commands/containers/container-states.ts")).pauseCommand,
  },
  {
    name: "unpause",
    group: "Containers",
    summary: "Let containers that are paused go on",
    load: async () => (await import("./commands/containers/container-states.ts")).unpauseCommand,
  },
  {
    name: "wait",
    group: "Containers",
    summary: "Wait until containers end, and print their exit codes",
    load: async () => (await import("./commands/containers/container-ends.ts")).waitCommand,
  },
  {
    name: "rm",
    group: "Containers",
    summary: "Remove containers and what they wrote",
    load: async () => (await import("./commands/containers/container-ends.ts")).rmCommand,
  },
  {
    name: "rename",
    group: "Containers",
    summary: "Give a container another name",
    load: async () => (await import("./commands/containers/container-states.ts")).renameCommand,
  },
  {
    name: "commit",
    group: "Containers",
    summary: "Make an image of a container",
    load: async () => (await import("./commands/containers/commit.ts")).commitCommand,
  },
  {
    name: "container",
    group: "Containers",
    summary: "Remove all containers that ended",
    load: async () => (await import("./commands/containers/container.ts")).containerCommand,
  },
  {
    name: "cache",
    group: "Cache and store",
    summary: "Carry the cache and its cache mounts from one machine to another",
    load: async () => (await import("./commands/store/cache.ts")).cacheCommand,
  },
  {
    name: "du",
    group: "Cache and store",
    summary: "Show what takes space in the store, and why it is kept",
    load: async () => (await import("./commands/store/du.ts")).duCommand,
  },
  {
    name: "prune",
    group: "Cache and store",
    summary: "Remove cache that no image and no running build needs",
    load: async () => (await import("./commands/store/prune.ts")).pruneCommand,
  },
  {
    name: "store",
    group: "Cache and store",
    summary: "Verify every blob, layer, record and name of the store",
    load: async () => (await import("./commands/store/store.ts")).storeCommand,
  },
  {
    name: "doctor",
    group: "Help",
    summary: "Say what this machine offers to builds, and how to get more",
    load: async () => (await import("./commands/doctor.ts")).doctorCommand,
  },
  {
    name: "completion",
    group: "Help",
    summary: "Print the script that completes command lines in a shell",
    load: async () => (await import("./commands/completion.ts")).completionCommand,
  },
];

/** The command of a name. */
export function findCommand(name: string): CatalogEntry | undefined {
  return COMMANDS.find((entry) => entry.name === name);
}
