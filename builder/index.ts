export {
  build,
  parse,
  plan,
  pull,
  push,
  run,
  type BuildRequest,
  type LibraryOptions,
  type RunRequest,
  type TransferRequest,
} from "./library.ts";
export { Running } from "./running.ts";
export { openTsbuild } from "./build.ts";
export { TsbuildError, type ErrorCode } from "./core/errors.ts";
export type { BuildEvent } from "./core/events.ts";
export type * from "./api/types.ts";
export type * from "./api/run-options.ts";
export type * from "./api/secret-source.ts";
export type * from "./api/image-types.ts";
export type * from "./api/output-types.ts";
export type * from "./api/transfer-options.ts";
export type { Diagnostic } from "./core/diagnostic.ts";
export type { Dockerfile, Instruction } from "./dockerfile/types.ts";
export type { PrintedGraph, PrintedStep, PrintedTarget } from "./graph/print.ts";
