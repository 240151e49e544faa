import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { errnoOf } from "../../builder/core/errors.ts";
import { portsRefused } from "./ports-refused.ts";
import type { PublishedPort } from "./types.ts";

/**
 * The ports with a free one of this machine where none is named. Another program may still be faster: then that is said. One
 * that is named for all addresses is tried, as pasta is content with those of IPv6 where a program has it on the loopback.
 */
export async function withFreePorts(ports: readonly PublishedPort[]): Promise<PublishedPort[]> {
  const found: PublishedPort[] = [];
  for (const port of ports) {
    const find = port.protocol === "tcp" ? freeTcp : freeUdp;
    if (port.host === 0) found.push({ ...port, host: await find(port.address) });
    else {
      if (port.address === "") await find("", port.host).catch(refuseTaken(port));
      found.push(port);
    }
  }
  return found;
}

function refuseTaken(port: PublishedPort): (error: unknown) => void {
  return (error) => {
    if (errnoOf(error) === "EADDRINUSE") throw portsRefused([port], "another program has it", error);
  };
}

function freeTcp(address: string, wanted = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(wanted, address === "" ? "0.0.0.0" : address, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === "object" && bound !== null ? bound.port : 0));
    });
  });
}

function freeUdp(address: string, wanted = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.once("error", reject);
    socket.bind(wanted, address === "" ? "0.0.0.0" : address, () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}
