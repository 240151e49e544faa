import { readFileSync } from "node:fs";
import { TsbuildError } from "../../../core/errors.ts";
import type { ContainerProcess } from "../../../api/container-types.ts";
import { command } from "../../command.ts";
import { usageError } from "../../flags.ts";
import { table } from "../../table.ts";
import { withStore } from "../../with-tsbuild.ts";

/** `tsbuild port`. */
export const portCommand = command({
  name: "port",
  usage: "port CONTAINER [PORT[/PROTOCOL]]",
  summary: "Show where ports of a container are published",
  flags: {},
  operands: { min: 1, max: 2, name: "CONTAINER or PORT" },
  examples: [["tsbuild port web 80", "prints the address of this machine that leads to its port 80"]],
  async execute(_flags, [name = "", wanted], session) {
    const { record, state } = await withStore(session, ({ containers }) => containers.find(name));
    const published = state.status === "running" ? record.ports.flatMap(portOf) : [];
    if (wanted === undefined) {
      session.io.stdout.write(published.map(({ inside, outside }) => `${inside} -> ${outside}\n`).join(""));
      return 0;
    }
    if (!/^\d{1,5}(?:\/(?:tcp|udp))?$/.test(wanted))
      throw usageError("port", `Cannot use port ${wanted}: it is not PORT[/PROTOCOL]`, "write 80 or 53/udp");
    const full = wanted.includes("/") ? wanted : `${wanted}/tcp`;
    const found = published.filter(({ inside }) => inside === full);
    if (found.length === 0)
      throw new TsbuildError("CONTAINER_STATE", `Cannot show port ${full} of ${name}: it is not published`, {
        hint: "run publishes ports, with -p",
      });
    session.io.stdout.write(found.map(({ outside }) => `${outside}\n`).join(""));
    return 0;
  },
});

/** As the record has it: 0.0.0.0:8080->80/tcp. */
function portOf(text: string): { readonly inside: string; readonly outside: string }[] {
  const [outside, inside] = text.split("->");
  return outside === undefined || inside === undefined ? [] : [{ inside, outside }];
}

/** `tsbuild top`. */
export const topCommand = command({
  name: "top",
  usage: "top CONTAINER",
  summary: "Show the processes of a container",
  flags: {},
  operands: { min: 1, max: Infinity, name: "CONTAINER" },
  flagsFirst: true,
  examples: [["tsbuild top web", "lists what runs in it, by the process ids of this machine"]],
  async execute(_flags, [name = "", ...options], session) {
    if (options.length > 0)
      throw new TsbuildError("UNSUPPORTED", "Cannot use options of ps: tsbuild lists the processes itself", {
        hint: `where the image has a ps: tsbuild exec ${name} ps ${options.join(" ")}`,
      });
    const found = await withStore(session, ({ containers }) => containers.processes(name));
    session.io.stdout.write(processTable(found, Date.now()));
    return 0;
  },
});

const TITLES = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"];

/** As `ps -ef` shows processes, which is what docker's top shows. */
export function processTable(processes: readonly ContainerProcess[], now: number): string {
  const names = userNames();
  const rows = processes.map(({ pid, parent, uid, started, seconds, terminal, command: line }) => [
    names.get(uid) ?? String(uid),
    String(pid),
    String(parent),
    String(Math.floor((100 * seconds) / Math.max(1, (now - started) / 1000))),
    startedText(new Date(started), now),
    terminal,
    clock(Math.floor(seconds)),
    line,
  ]);
  return table(TITLES, rows);
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function startedText(date: Date, now: number): string {
  if (now - date.getTime() < 24 * 3600 * 1000) return `${two(date.getHours())}:${two(date.getMinutes())}`;
  return `${date.toLocaleString("en", { month: "short" })}${two(date.getDate())}`;
}

function clock(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map(two).join(":");
}

/** Of this machine: users of the container may be called otherwise in it. */
function userNames(): Map<number, string> {
  try {
    const lines = readFileSync("/etc/passwd", "utf8").split("\n");
    return new Map(lines.map((line) => line.split(":")).map(([name = "", , uid]) => [Number(uid), name]));
  } catch {
    return new Map();
  }
}
