import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Why there is no terminal to look at; undefined where there is. */
export function whyNoTerminal(): string | undefined {
  return spawnSync("tmux", ["-V"]).status === 0 ? undefined : "tmux is not installed";
}

/** A program in a real terminal that nobody looks at. */
export interface Terminal extends Disposable {
  /** The lines on the screen. */
  lines(): readonly string[];
  /** Waits until the screen shows it; throws with what it shows instead. */
  shows(pattern: RegExp): Promise<string>;
  resize(columns: number, rows: number): void;
  type(...keys: readonly string[]): void;
}

const PATIENCE = 300_000;

/** Runs a shell command line in a terminal, which stays open when it has ended. */
export function openTerminal(
  command: string,
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly columns: number;
    readonly rows: number;
    readonly cwd?: string;
  },
): Terminal {
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-tmux-"));
  const socket = join(folder, "socket");
  const env = {
    PATH: process.env["PATH"],
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    HOME: folder,
    ...options.env,
  };
  const tmux = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync("tmux", ["-f", "/dev/null", "-S", socket, ...args], {
      env,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`tmux ${args[0]}: ${stderr}`);
    return stdout;
  };
  const size = ["-x", String(options.columns), "-y", String(options.rows)];
  const place = options.cwd === undefined ? [] : ["-c", options.cwd];
  tmux("new-session", "-d", ...size, ...place, `${command}; echo "status $?"; exec cat`);
  const lines = (): readonly string[] => tmux("capture-pane", "-p").split("\n");
  return {
    lines,
    async shows(pattern) {
      for (const began = Date.now(); ; await delay(20)) {
        const text = lines().join("\n");
        if (pattern.test(text)) return text;
        if (Date.now() - began > PATIENCE) throw new Error(`${pattern} is not shown:\n${text}`);
      }
    },
    resize: (columns, rows) => void tmux("resize-window", "-x", String(columns), "-y", String(rows)),
    type: (...keys) => void tmux("send-keys", ...keys),
    [Symbol.dispose]() {
      tmux("kill-server");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
