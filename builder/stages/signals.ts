import { constants } from "node:os";

const NAMES =
  "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX";

/** The real-time signals that the C library leaves to programs (signal(7)). */
const REALTIME = { min: 34, max: 64 };
const SYNONYMS: Readonly<Record<string, string>> = { CLD: "CHLD" };

/** The signals of Linux with their `SIG`, for "did you mean". */
export function signalNames(): readonly string[] {
  return NAMES.split(" ").map((name) => `SIG${name}`);
}

/** The number of what `isSignal` takes; undefined for anything else. Names that Node does not know are glibc's. */
export function signalNumber(text: string): number | undefined {
  if (!isSignal(text)) return undefined;
  if (/^\d+$/.test(text)) return Number(text) <= REALTIME.max ? Number(text) : undefined;
  const name = text.toUpperCase().replace(/^SIG/, "");
  const [, from, offset] = /^RTM(IN|AX)(?:[+-](\d+))?$/.exec(name) ?? [];
  if (from !== undefined)
    return from === "IN" ? REALTIME.min + Number(offset ?? 0) : REALTIME.max - Number(offset ?? 0);
  const known = new Map<string, number>(Object.entries(constants.signals));
  return known.get(`SIG${name}`) ?? known.get(`SIG${SYNONYMS[name] ?? ""}`);
}

/** A name with or without `SIG` in any case, `RTMIN+3`, `RTMAX-3`, or a number but 0 (moby/sys signal.ParseSignal). */
export function isSignal(text: string): boolean {
  if (/^\d{1,9}$/.test(text)) return Number(text) !== 0;
  const name = text.toUpperCase().replace(/^SIG/, "");
  const realtime = /^RTM(?:IN\+(\d{1,2})|AX-(\d{1,2}))$/.exec(name);
  if (realtime === null) return NAMES.split(" ").includes(name);
  const offset = Number(realtime[1] ?? realtime[2]);
  return offset >= 1 && offset <= (realtime[1] === undefined ? 14 : 15);
}
