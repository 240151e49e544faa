import { command } from "../../command.ts";
import { lendTerminal } from "../../container-io.ts";
import { withStore } from "../../with-tsbuild.ts";
import { parseSecret, parseSsh } from "../build/build-secrets.ts";

/** `tsbuild shell`. */
export const shellCommand = command({
  name: "shell",
  usage: "shell [OPTIONS] [COMMAND] [ARGUMENT...]",
  summary: "Open a shell in the step that failed, or in another one",
  flags: {
    step: {
      value: "STEP",
      doc: "Open it in what this step left, as 2/5, builder 2/5, or a part of the instruction",
      default: "the one that failed",
    },
    secret: {
      value: "id=ID,src=FILE",
      repeat: true,
      doc: "Give it a secret of the build again; env=NAME instead of src=FILE for a variable",
    },
    ssh: { value: "ID[=SOCKET]", repeat: true, doc: "Give it an SSH agent of the build again" },
  },
  operands: { min: 0, max: Infinity, name: "COMMAND" },
  flagsFirst: true,
  examples: [
    ["tsbuild shell", "a shell in the files of the RUN that failed, as its user, in its directory"],
    ["tsbuild shell cat config.log", "runs a command there"],
    ["tsbuild shell --step 'builder 3/5'", "opens one in what that step of the last build left"],
  ],
  async execute(flags, words, session) {
    const { io, signal } = session;
    const secrets = flags.secret.map((text) => parseSecret(text, io.env));
    const ssh = Object.fromEntries(flags.ssh.map(parseSsh));
    const tty = words.length === 0 && io.stdin.isTTY;
    return withStore(session, (tsbuild, emit) => {
      const lent = lendTerminal(session, { interactive: true, tty });
      session.restore.add(() => io.stdin.close());
      const step = flags.step === undefined ? {} : { step: flags.step };
      const request = { ...step, command: words, secrets, ssh, interactive: true, tty };
      return tsbuild.shell({ ...request, io: lent, signal, emit });
    });
  },
});
