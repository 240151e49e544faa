const NAMES =
  "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX";

/** The signals of Linux with their `SIG`, for "did you mean". */
export function signalNames(): readonly string[] {
  return NAMES.split(" ").map((name) => `SIG${name}`);
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
