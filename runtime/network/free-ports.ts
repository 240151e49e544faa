import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import type { PublishedPort } from "./types.ts";

/** The ports with a free one of this machine where none is named. Another program may still be faster: then that is said. */
export async function withFreePorts(ports: readonly PublishedPort[]): Promise<PublishedPort[]> {
  const found: PublishedPort[] = [];
  for (const port of ports) {
    const host = port.host || (await (port.protocol === "tcp" ? freeTcp : freeUdp)(port.address));
    found.push({ ...port, host });
  }
  return found;
}

function freeTcp(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, address === "" ? "0.0.0.0" : address, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === "object" && bound !== null ? bound.port : 0));
    });
  });
}

function freeUdp(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.once("error", reject);
    socket.bind(0, address === "" ? "0.0.0.0" : address, () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}
