import { isIP } from "node:net";
import type { PublishedPort } from "../../runtime/network/types.ts";
import { usageError } from "./flags.ts";

const LAST_PORT = 65_535;

/** --publish [ADDRESS:][HOST:]CONTAINER[/udp], also ranges; without HOST any free port of this machine is taken. */
export function publishedPorts(command: string, text: string): PublishedPort[] {
  const wrong = (state: string): Error =>
    usageError(command, `Cannot use --publish ${text}: ${state}`, "write 8080:80 or 127.0.0.1:8080:80/udp");
  const [, bracketed, plain, host = "", inside = "", protocol = "tcp"] =
    /^(?:(?:\[([^\]]*)\]|([\d.]+)):(?=[^:]*:))?(?:([\d-]*):)?([\d-]+)(?:\/(\w+))?$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? "";
  if (inside === "") throw wrong("it is not [ADDRESS:][HOST:]CONTAINER[/PROTOCOL]");
  if (protocol !== "tcp" && protocol !== "udp") throw wrong(`the protocol is tcp or udp, not ${protocol}`);
  if (address !== "" && isIP(address) !== (bracketed === undefined ? 4 : 6))
    throw wrong(`"${address}" is no address of this machine`);
  const [first, last] = range(inside, wrong);
  const [from, to] = host === "" || host === "0" ? [0, 0] : range(host, wrong);
  if (from > 0 && to - from !== last - first) throw wrong("the two ranges are not equally long");
  return Array.from({ length: last - first + 1 }, (_, at) => ({
    address,
    host: from === 0 ? 0 : from + at,
    container: first + at,
    protocol,
  }));
}

function range(text: string, wrong: (state: string) => Error): readonly [number, number] {
  const [, low = "", high = low] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [first, last] = [Number(low), Number(high)];
  if (low !== "" && first > 0 && first <= last && last <= LAST_PORT) return [first, last];
  throw wrong(`"${text}" is no port from 1 to ${LAST_PORT}, nor a range of them`);
}
