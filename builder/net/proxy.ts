import { BlockList, isIP } from "node:net";
import { TsbuildError } from "../core/errors.ts";
import type { Environment } from "./types.ts";
import { userOf } from "./url-user.ts";

/** The proxy for a URL, or undefined. Rules as of Go's http.ProxyFromEnvironment (httpproxy), which docker users know. */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const upper = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const name = env[upper] ? upper : upper.toLowerCase();
  const value = env[name];
  if (!value || isLoopback(url.hostname)) return undefined;
  if (isExcluded(url, env["NO_PROXY"] || env["no_proxy"] || "")) return undefined;
  const text = value.includes("://") ? value : `http://${value}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy && /^(https?|socks5h?):$/.test(proxy.protocol) && proxy.hostname !== "") {
    userOf(proxy, "CONFIG_INVALID", `the proxy of ${name}`);
    return proxy;
  }
  const state =
    proxy === undefined || proxy.hostname === ""
      ? "it is not a URL"
      : `no proxies are known that speak ${proxy.protocol.slice(0, -1)}`;
  throw new TsbuildError("CONFIG_INVALID", `Cannot use the proxy of ${name}: ${state}`, {
    hint: `write for example ${name}=http://proxy.example.com:3128; https:// and socks5:// are known as well`,
  });
}

/** localhost, 127.0.0.0/8 and ::1, as a URL's hostname spells them. */
export function isLoopback(hostname: string): boolean {
  const host = bare(hostname);
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function isExcluded(url: URL, noProxy: string): boolean {
  const host = bare(url.hostname);
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return noProxy
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== "" && excludes(entry, host, port));
}

function excludes(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (isIP(entry) !== 0) return entry === host;
  if (entry.includes("/")) return isInSubnet(entry, host);
  const [, name = "", wantedPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const plain = bare(name.startsWith("*.") ? name.slice(1) : name);
  return plain.startsWith(".") ? host.endsWith(plain) : host === plain || host.endsWith(`.${plain}`);
}

function isInSubnet(subnet: string, host: string): boolean {
  const [network = "", length = ""] = subnet.split("/", 2);
  const family = isIP(network);
  const bits = Number(length);
  if (family === 0 || isIP(host) !== family) return false;
  if (!/^\d{1,3}$/.test(length) || bits > (family === 4 ? 32 : 128)) return false;
  const kind = family === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(network, bits, kind);
  return list.check(host, kind);
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "").toLowerCase();
}
