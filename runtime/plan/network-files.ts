import { readFileSync } from "node:fs";
import type { HostEntry } from "../limits/types.ts";
import type { DnsSettings } from "../network/types.ts";

/** What BuildKit falls back to where the host has no name server that a container could reach (executor/oci/resolvconf.go). */
const FALLBACK_SERVERS = ["8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844"];
const SYSTEMD_STUB = "127.0.0.53";
const SYSTEMD_REAL = "/run/systemd/resolve/resolv.conf";

/**
 * The container's /etc/hosts: itself by name on the loopback, as BuildKit writes it (executor/oci/hosts.go), and the names
 * of --add-host. `gateway` is where the machine is reached from the container.
 */
export function hostsFile(hostname: string, entries: readonly HostEntry[], gateway: string): Buffer {
  const lines = [
    `127.0.0.1\tlocalhost ${hostname}`,
    `::1\tlocalhost ip6-localhost ip6-loopback ${hostname}`,
    ...entries.map(({ name, address }) => `${address === "host-gateway" ? gateway : address}\t${name}`),
  ];
  return Buffer.from(lines.map((line) => `${line}\n`).join(""));
}

/**
 * The container's /etc/resolv.conf: the host's. With a network of its own, a container cannot reach a server on the
 * host's loopback: those lines go, and public servers stand in where none is left.
 */
export function resolvConf(sharesHostNetwork: boolean): Buffer {
  const text = read("/etc/resolv.conf");
  if (sharesHostNetwork) return Buffer.from(text === "" ? servers(FALLBACK_SERVERS) : text);
  const ours = nameservers(text);
  const base = ours.length === 1 && ours[0] === SYSTEMD_STUB ? read(SYSTEMD_REAL) : text;
  const kept = base.split("\n").filter((line) => !/^\s*nameserver\s+(127\.|::1\b)/.test(line));
  const body = kept.join("\n").replace(/\n*$/, "\n");
  return Buffer.from(nameservers(body).length > 0 ? body : body + servers(FALLBACK_SERVERS));
}

/** The container's /etc/resolv.conf with one server in the place of the host's. */
export function resolvConfWith(server: string): Buffer {
  const kept = read("/etc/resolv.conf")
    .split("\n")
    .filter((line) => !/^\s*nameserver\s/.test(line) && line.trim() !== "");
  return Buffer.from([...kept, `nameserver ${server}`, ""].join("\n"));
}

/** The file with what --dns, --dns-search and --dns-option put in the place of its own. */
export function withDns(file: Buffer, { servers: asked, search, options }: DnsSettings): Buffer {
  const replaced = [
    ...(asked.length > 0 ? ["nameserver"] : []),
    ...(search.length > 0 ? ["search", "domain"] : []),
    ...(options.length > 0 ? ["options"] : []),
  ];
  if (replaced.length === 0) return file;
  const kept = file
    .toString()
    .split("\n")
    .filter((line) => line !== "" && !replaced.includes(line.trim().split(/\s/, 1)[0] ?? ""));
  // docker's way to have no search list at all.
  const domains = search.filter((domain) => domain !== ".");
  const added = [
    ...(domains.length > 0 ? [`search ${domains.join(" ")}`] : []),
    ...asked.map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(" ")}`] : []),
  ];
  return Buffer.from([...kept, ...added, ""].join("\n"));
}

function nameservers(text: string): string[] {
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] ?? "");
}

function servers(addresses: readonly string[]): string {
  return addresses.map((address) => `nameserver ${address}\n`).join("");
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
