import { TsbuildError, type ErrorCode } from "../core/errors.ts";

/** The user and the password that a URL has before its host, decoded; `what` says which URL it is. */
export function userOf(
  { username, password }: URL,
  code: ErrorCode,
  what: string,
): { readonly user: string; readonly password: string } {
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw new TsbuildError(
      code,
      `Cannot use ${what}: its user or password has a % that begins no character`,
      {
        hint: "write %25 for a % in them",
      },
    );
  }
}
