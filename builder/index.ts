export { openTsbuild } from "./build.ts";
export { TsbuildError, type ErrorCode } from "./core/errors.ts";
export type { BuildEvent } from "./core/events.ts";
export type * from "./api/types.ts";
export type * from "./api/image-types.ts";
export type * from "./api/output-types.ts";
export type * from "./api/transfer-options.ts";
