import { command } from "../command.ts";
import { completionScript, SHELLS } from "../completion/scripts.ts";
import { usageError } from "../flags.ts";

/** `tsbuild completion`. */
export const completionCommand = command({
  name: "completion",
  usage: "completion bash|zsh|fish",
  summary: "Print the script that completes command lines in a shell",
  flags: {},
  operands: { min: 1, max: 1, name: "the shell", first: SHELLS },
  examples: [
    ["tsbuild completion bash >/etc/bash_completion.d/tsbuild", "installs it for everybody"],
    ["tsbuild completion fish >~/.config/fish/completions/tsbuild.fish", "installs it for you"],
  ],
  async execute(_flags, [name = ""], session) {
    const shell = SHELLS.find((one) => one === name);
    if (shell === undefined) {
      throw usageError(
        "completion",
        `Cannot complete for "${name}": there are scripts for bash, zsh and fish`,
      );
    }
    session.io.stdout.write(completionScript(shell));
    return 0;
  },
});
