import { TsbuildError, errnoOf, messageOf } from "../core/errors.ts";

/** What a failed system call on the store means for the user. Errors that are explained already pass through. */
export function storeFailure(cause: unknown, verb: string, path: string): TsbuildError {
  if (cause instanceof TsbuildError) return cause;
  const errno = errnoOf(cause);
  switch (errno) {
    case "ENOSPC":
      return new TsbuildError("DISK_FULL", `Cannot ${verb} "${path}": no space is left on the device`, {
        cause,
        hint: `free space on the filesystem that holds the store (df -h and df -i show it), or set TSBUILD_ROOT to a directory on a larger one`,
      });
    case "EDQUOT":
      return new TsbuildError("DISK_FULL", `Cannot ${verb} "${path}": the disk quota is used up`, {
        cause,
        hint: "free space (quota -s shows the limit), or set TSBUILD_ROOT to a directory on another filesystem",
      });
    case "EACCES":
    case "EPERM":
    case "EROFS": {
      const state = errno === "EROFS" ? "the filesystem is read-only" : "permission denied";
      return new TsbuildError("STORE_UNWRITABLE", `Cannot ${verb} "${path}": ${state}`, {
        cause,
        hint: "set TSBUILD_ROOT to a directory that you may write to",
      });
    }
    default:
      return new TsbuildError("STORE_INVALID", `Cannot ${verb} "${path}": ${messageOf(cause)}`, { cause });
  }
}

/** Runs `work`; what the system refuses becomes an explained error. */
export function explained<T>(verb: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw storeFailure(cause, verb, path);
  }
}
