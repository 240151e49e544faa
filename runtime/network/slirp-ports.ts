import { createConnection } from "node:net";
import { TsbuildError } from "../../builder/core/errors.ts";
import { withSocketPath } from "../../builder/store/socket-path.ts";
import { portsRefused } from "./ports-refused.ts";
import type { PublishedPort } from "./types.ts";

const PATIENCE_MS = 5000;
const MOST_ANSWER = 4096;

/** Publishes ports through slirp4netns' socket: one request and one answer for each connection (slirp4netns(1)). */
export async function publishThroughSlirp(socket: string, ports: readonly PublishedPort[]): Promise<void> {
  for (const port of ports) {
    const answer = await ask(socket, {
      execute: "add_hostfwd",
      arguments: {
        proto: port.protocol,
        host_addr: port.address === "" ? "0.0.0.0" : port.address,
        host_port: port.host,
        guest_port: port.container,
      },
    });
    const reason = refusalIn(answer);
    if (reason !== undefined) throw portsRefused([port], reason);
  }
}

/** `{"error":{"desc":"…"}}`, where it said no. */
function refusalIn(answer: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch {
    return `slirp4netns answered "${answer}"`;
  }
  const error = typeof value === "object" && value !== null && "error" in value ? value.error : undefined;
  if (error === undefined) return undefined;
  const text = typeof error === "object" && error !== null && "desc" in error ? error.desc : undefined;
  return typeof text === "string" ? text : "slirp4netns refused";
}

function ask(path: string, request: object): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = withSocketPath(path, (short) => createConnection(short));
    const fail = (cause: Error): void =>
      reject(new TsbuildError("SANDBOX", `Cannot talk to slirp4netns: ${cause.message}`, { cause }));
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error("it does not answer")));
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => (answer += chunk.slice(0, MOST_ANSWER)));
    socket.on("error", fail);
    socket.on("end", () => resolve(answer));
    socket.end(JSON.stringify(request));
  });
}
