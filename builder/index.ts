export { openTsbuild } from "./build.ts";
export { TsbuildError, type ErrorCode } from "./core/errors.ts";
export type { BuildEvent } from "./core/events.ts";
export type * from "./api/types.ts";
