import { isIP } from "node:net";
import { didYouMean } from "../core/suggest.ts";
import type { Handler } from "./context.ts";

const PROTOCOLS = ["tcp", "udp", "sctp"];

/** EXPOSE: words are split after expansion, ranges become their ports (BuildKit convert_expose.go, rule 9). */
export const applyExpose: Handler<"expose"> = ({ ports }, { state, expander, problems }) => {
  const scope = state.scope;
  const exposed: string[] = [];
  for (const word of ports.toSorted((a, b) => (a.raw < b.raw ? -1 : 1))) {
    for (const spec of expander.words(word, scope)) {
      const parsed = parsePorts(spec);
      if (parsed.wrong !== undefined) {
        problems.error("InvalidPort", `Cannot expose "${spec}": ${parsed.wrong}`, word.range, {
          fix: parsed.fix,
        });
        continue;
      }
      if (parsed.protocol !== parsed.protocol.toLowerCase()) {
        const fix = `write ${spec.toLowerCase()}`;
        const message = `Protocol "${parsed.protocol}" of EXPOSE ${spec} is not in lower case`;
        problems.warning("ExposeProtoCasing", message, word.range, { fix });
      }
      if (parsed.host) {
        problems.warning(
          "ExposeInvalidFormat",
          `EXPOSE takes no address and no host port, but "${spec}" has one`,
          word.range,
          {
            reason: "a port is published when the container is run",
            fix: "write the container port alone",
          },
        );
      }
      expander.budget.spendOn(parsed.ports, word.range);
      exposed.push(...parsed.ports);
    }
  }
  for (const port of exposed) state.ports.add(port);
  state.record(() => `EXPOSE [${exposed.join(" ")}]`);
};

type Parsed =
  | {
      readonly ports: readonly string[];
      readonly host: boolean;
      /** As it is written; "" where it is not. */
      readonly protocol: string;
      readonly wrong?: undefined;
    }
  | { readonly wrong: string; readonly fix: string | undefined };

/** `[[ip:]host:]port[-port][/protocol]`. */
function parsePorts(spec: string): Parsed {
  const parts = spec.split(":");
  const container = parts.pop() ?? "";
  const host = parts.pop();
  const address = parts.join(":").replace(/^\[(.*)\]$/, "$1");
  const slash = container.indexOf("/");
  const written = slash < 0 ? "" : container.slice(slash + 1);
  const protocol = written.toLowerCase() || "tcp";
  const range = parseRange(slash < 0 ? container : container.slice(0, slash));
  if (!PROTOCOLS.includes(protocol)) {
    const fix = didYouMean(protocol, PROTOCOLS) ?? `write one of ${PROTOCOLS.join(", ")}`;
    return { wrong: `"${written}" is not a protocol`, fix };
  }
  const example = "write a port such as 8080, 8080/udp or 8000-8010";
  if (range === undefined)
    return { wrong: "it is not a port from 0 to 65535, nor a range of them", fix: example };
  if (address !== "" && isIP(address) === 0)
    return { wrong: `"${address}" is not an IP address`, fix: example };
  if (host !== undefined && host !== "") {
    const published = parseRange(host);
    if (published === undefined) return { wrong: `"${host}" is not a host port`, fix: example };
    const size = range.last - range.first;
    if (size !== published.last - published.first && size > 0) {
      return { wrong: "the ranges of host and container ports differ in length", fix: example };
    }
  }
  const ports = Array.from(
    { length: range.last - range.first + 1 },
    (_, at) => `${range.first + at}/${protocol}`,
  );
  return { ports, host: host !== undefined, protocol: written };
}

function parseRange(text: string): { readonly first: number; readonly last: number } | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return last < first || last > 65535 ? undefined : { first, last };
}
