import { openTerminal } from "../support/tmux.ts";

/** What is pressed when a log is followed, and the status that the command has then. */
const INTERRUPTED = ["0", "130"];

/**
 * Types a block into a shell on a terminal, a line after the other, as who reads the page does. A shell that a command opens
 * is left with `exit`, a log that is followed with Ctrl-C when it has shown something.
 */
export async function typeBlock(
  script: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  // The number of the command, as the prompt of the one before is still there when the next one is typed.
  const shell = "exec env 'PS1=\\#:$?> ' bash --norc --noprofile";
  using terminal = openTerminal(shell, { env, columns: 120, rows: 40, cwd });
  const lines = script.split("\n").filter((line) => line.trim() !== "");
  await terminal.shows(/^1:0>\s*$/);
  for (const [index, line] of lines.entries()) {
    const prompt = `(?:^|\\D)${index + 2}:(\\d+)>\\s*$`;
    terminal.type("-l", line);
    terminal.type("Enter");
    const follows = / logs .*(-f|--follow)\b/.test(line);
    if (follows) {
      await terminal.shows(new RegExp(`${escaped(line)}\\s*\\n\\S`));
      terminal.type("C-c");
    }
    let screen = await terminal.shows(new RegExp(`${prompt}|[#$]\\s*$`));
    if (!new RegExp(prompt).test(screen)) {
      terminal.type("exit", "Enter");
      screen = await terminal.shows(new RegExp(prompt));
    }
    const status = new RegExp(prompt).exec(screen)?.[1] ?? "";
    if (!(follows ? INTERRUPTED : ["0"]).includes(status)) throw new Error(`${line}: ${status}\n${screen}`);
  }
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
