import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An ordinary user without subordinate ids who may use sudo, on a machine whose /etc is a copy: nothing of this one changes. */
const MACHINE = `cp -a /etc "$1/etc"
mount --bind "$1/etc" /etc
useradd --create-home --home-dir "$1/home" --shell /bin/sh reader
sed -i /^reader:/d /etc/subuid /etc/subgid
echo 'reader ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/reader
# What is to be installed is there.
echo 'APT::Get::Simulate "true";' >/etc/apt/apt.conf.d/99simulate
exec setpriv --reuid reader --regid reader --init-groups env -i USER=reader "HOME=$1/home" "PATH=$PATH" sh -es`;

/** Why nobody can use sudo here; undefined where somebody can. */
export function whyNoSudo(): string | undefined {
  if (spawnSync("unshare", ["--mount", "true"]).status !== 0) return "no mount namespace may be made";
  const missing = ["sudo", "newuidmap", "apt-get"].filter(
    (name) => spawnSync(name, ["--version"]).error !== undefined,
  );
  return missing.length === 0 ? undefined : `${missing.join(", ")}: not installed`;
}

/** Runs a script as that user. */
export function runAsSudoer(script: string): { readonly status: number | null; readonly output: string } {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-sudoer-"));
  chmodSync(directory, 0o755);
  const words = ["--mount", "--propagation", "private", "sh", "-ec", MACHINE, "machine", directory];
  const { status, stdout, stderr } = spawnSync("unshare", words, {
    cwd: "/",
    input: script,
    encoding: "utf8",
  });
  rmSync(directory, { recursive: true });
  return { status, output: `${stdout}\n${stderr}` };
}
