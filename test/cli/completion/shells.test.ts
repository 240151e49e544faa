import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { completionScript, type Shell } from "../../../builder/cli/completion/scripts.ts";
import { projectRoot } from "../../support/project.ts";

let home: string;
let env: NodeJS.ProcessEnv;
before(() => {
  home = mkdtempSync(join(tmpdir(), "tsbuild-"));
  mkdirSync(join(home, "bin"));
  mkdirSync(join(home, "src"));
  const program = join(projectRoot, "dist/bin/tsbuild.cjs");
  chmodSync(program, 0o755);
  symlinkSync(program, join(home, "bin/tsbuild"));
  writeFileSync(join(home, "src/Dockerfile.test"), "FROM scratch AS one\nFROM one AS two\n");
  const path = `${join(home, "bin")}:${process.env["PATH"]}`;
  env = { ...process.env, HOME: home, PATH: path, TSBUILD_ROOT: join(home, "store"), TERM: "dumb" };
  delete env["BASH_ENV"];
});
after(() => rmSync(home, { recursive: true, force: true }));

function has(shell: Shell): boolean {
  return spawnSync(shell, ["-c", "true"]).status === 0;
}

/** What a shell offers for a line whose end is where the cursor is. */
function offered(shell: Shell, line: string): readonly string[] {
  const ask: Readonly<Record<Shell, string>> = {
    bash: `${completionScript("bash")}
compopt() { :; }
COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; _tsbuild; printf '%s\\n' "\${COMPREPLY[@]}"`,
    fish: `${completionScript("fish")}
complete -C '${line}'`,
    // What compinit would do with the function, and what it answers, without a terminal to show it on.
    zsh: `compdef() { :; }; compset() { :; }; _files() { print -- ":files $*"; }
_describe() { local -a all; all=("\${(@P)4}"); print -rl -- "\${(@)\${(@)all//\\\\:/\\0}%%:*}" | tr '\\0' ':'; }
${completionScript("zsh")}
words=(\${(z)\${:-'${line}'}}); [[ '${line}' == *' ' ]] && words+=(''); CURRENT=\${#words}; PREFIX=\${words[-1]}; _tsbuild`,
  };
  const { stdout, stderr, status } = spawnSync(
    shell,
    shell === "zsh" ? ["-fc", ask.zsh] : ["-c", ask[shell]],
    {
      cwd: join(home, "src"),
      env,
      encoding: "utf8",
    },
  );
  assert.equal(stderr, "", `${shell}: ${line}`);
  assert.equal(status, 0, `${shell}: ${line}`);
  return stdout
    .split("\n")
    .map((one) => one.split("\t")[0] ?? "")
    .filter((one) => one !== "");
}

for (const shell of ["bash", "zsh", "fish"] as const) {
  const skip = has(shell) ? false : `${shell} is not installed`;
  test(`the script for ${shell} completes commands, flags, values and stages`, { skip }, () => {
    const commands = offered(shell, "tsbuild ru").filter((one) => !one.startsWith(":"));
    assert.deepEqual(commands, ["run"]);
    assert.deepEqual(offered(shell, "tsbuild build --no-cache-f"), ["--no-cache-filter"]);
    assert.deepEqual(offered(shell, "tsbuild --pull=mis"), [shell === "bash" ? "missing" : "--pull=missing"]);
    assert.deepEqual(offered(shell, "tsbuild -f Dockerfile.test --target "), ["one", "two"]);
    assert.deepEqual(offered(shell, "tsbuild cache s"), ["save"]);
  });

  test(`the script for ${shell} offers files where a flag takes one`, { skip }, () => {
    const files = offered(shell, "tsbuild -f Docker");
    assert.match(files.join(" "), shell === "zsh" ? /^:files/ : /^Dockerfile\.test$/);
  });
}
