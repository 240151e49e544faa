import { bytesOf, type Bytes } from "../../core/bytes.ts";
import { TsbuildError } from "../../core/errors.ts";
import { redact } from "../../core/redact.ts";
import { gitScheme, isScpRemote } from "../../net/git-url.ts";
import { leadsInside } from "../../net/redirect.ts";
import { runGit, type GitHost } from "./git.ts";

/** The URLs of a commit's submodules, by path: what its .gitmodules says. */
export async function submoduleUrls(
  repository: string,
  commit: string,
  remote: string,
  host: GitHost,
): Promise<ReadonlyMap<Bytes, string>> {
  const args = [
    "config",
    "-z",
    "--no-includes",
    `--blob=${commit}:.gitmodules`,
    "--get-regexp",
    "^submodule\\..*\\.(path|url)$",
  ];
  const output = (await runGit(args, { repository }, host)).toString("latin1");
  const found = new Map<string, { path?: string; url?: string }>();
  for (const entry of output.split("\0")) {
    const [, name = "", key, value = ""] = /^submodule\.([^]*)\.(path|url)\n([^]*)$/.exec(entry) ?? [];
    if (key === undefined) continue;
    found.set(name, { ...found.get(name), [key]: value });
  }
  const urls = new Map<Bytes, string>();
  for (const { path, url } of found.values()) {
    if (path !== undefined && url !== undefined)
      urls.set(path.replace(/\/+$/, "") as Bytes, allowed(absolute(remote, url), remote));
  }
  return urls;
}

/** `./` and `../` are relative to the remote, as git submodule has it. */
function absolute(remote: string, url: string): string {
  if (!/^\.\.?\//.test(url)) return url;
  let base = remote.replace(/\/+$/, "");
  let rest = url;
  for (;;) {
    if (rest.startsWith("./")) rest = rest.slice(2);
    else if (rest.startsWith("../")) {
      rest = rest.slice(3);
      const cut = base.lastIndexOf("/");
      const colon = base.lastIndexOf(":");
      // `git@host:name` has no slash to cut at; a host is never cut off.
      if (cut > base.indexOf("://") + 2) base = base.slice(0, cut);
      else if (!base.includes("://") && colon > 0) base = base.slice(0, colon + 1);
    } else return base.endsWith(":") ? base + rest : `${base}/${rest}`;
  }
}

/** A repository must not send us to files of this machine, through a program of its choice, or to what only we can reach. */
function allowed(url: string, remote: string): string {
  const isUrl = /^(https?|ssh|git):\/\/[^-/]/i.test(url) && URL.canParse(url);
  const isScp = isScpRemote(url);
  const wrong =
    /[\x00-\x20\x7f]/.test(url) ||
    !(isUrl || isScp) ||
    (isUrl && URL.canParse(remote) && leadsInside(new URL(remote), new URL(url)));
  if (!wrong) return bytesOf(url);
  const scheme = /^[a-z0-9+.-]+:/i.test(url) ? gitScheme(url) : "a path";
  throw new TsbuildError(
    "UNSUPPORTED",
    `Cannot fetch submodule "${redact(url)}": ${scheme} is not allowed there`,
    {
      hint: "leave submodules out with ?submodules=false",
    },
  );
}
