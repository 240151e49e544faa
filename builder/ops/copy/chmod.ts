import { TsbuildError } from "../../core/errors.ts";

/** What --chmod makes of modes. */
export interface Chmod {
  /** Set for octal modes: it is every file's, whatever it was. */
  readonly octal?: number;
  apply(mode: number, isDirectory: boolean): number;
}

interface Action {
  /** The bits that the clause may touch: `u` has setuid, `g` setgid, and who names `t` has sticky. */
  readonly who: number;
  readonly operator: "+" | "-" | "=";
  readonly permissions: string;
}

const OCTAL = /^[0-7]+$/;
const CLAUSE = /^([ugoa]*)((?:[+=-][rwxXstugo]*)+)$/;
const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o007, a: 0o6777 };
const STICKY = 0o1000;
const BITS: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: STICKY };

/** Parses `0755` or `u=rwX,go=rX`. A clause without `ugoa` is for all; no umask applies. */
export function parseChmod(text: string): Chmod {
  if (OCTAL.test(text)) {
    const octal = Number.parseInt(text, 8);
    if (octal <= 0o7777) return { octal, apply: () => octal };
    throw invalid(text);
  }
  const actions = text.split(",").flatMap((clause) => parseClause(clause, text));
  return {
    apply: (mode, isDirectory) =>
      actions.reduce((now, action) => change(now, action, mode, isDirectory), mode),
  };
}

function parseClause(clause: string, text: string): Action[] {
  const match = CLAUSE.exec(clause);
  if (match === null) throw invalid(text);
  const [, letters = "", rest = ""] = match;
  const who = [...(letters === "" ? "a" : letters)].reduce((bits, letter) => bits | (WHO[letter] ?? 0), 0);
  return [...rest.matchAll(/([+=-])([^+=-]*)/g)].map(([, operator, permissions = ""]) => ({
    // As BSD's chmod, which BuildKit has: the sticky bit is nobody's, so `=` leaves it, and "other" cannot have it.
    who: permissions.includes("t") && who !== WHO["o"] ? who | STICKY : who,
    operator: operator === "+" || operator === "-" ? operator : "=",
    permissions,
  }));
}

/** `original` is the mode before the first action: `X` looks at that (BSD setmode(3)). */
function change(mode: number, action: Action, original: number, isDirectory: boolean): number {
  let bits = 0;
  for (const letter of action.permissions) {
    if (letter === "X") bits |= isDirectory || (original & 0o111) !== 0 ? 0o111 : 0;
    else if (letter === "u") bits |= ((mode >> 6) & 7) * 0o111;
    else if (letter === "g") bits |= ((mode >> 3) & 7) * 0o111;
    else if (letter === "o") bits |= (mode & 7) * 0o111;
    else bits |= BITS[letter] ?? 0;
  }
  bits &= action.who;
  switch (action.operator) {
    case "+":
      return mode | bits;
    case "-":
      return mode & ~bits;
    case "=":
      // What is copied from others has no special bits, and takes none away.
      return (mode & ~(/[ugo]/.test(action.permissions) ? action.who & 0o777 : action.who)) | bits;
  }
}

function invalid(text: string): TsbuildError {
  return new TsbuildError("DOCKERFILE_INVALID", `Cannot use --chmod=${text}: it is no file mode`, {
    hint: "write an octal mode from 0 to 07777, or a symbolic one such as u=rwX,go=rX",
  });
}
