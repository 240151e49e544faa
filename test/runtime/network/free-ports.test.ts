import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import { withFreePorts } from "../../../runtime/network/free-ports.ts";
import type { PublishedPort } from "../../../runtime/network/types.ts";

const WEB: PublishedPort = { address: "", host: 0, container: 80, protocol: "tcp" };

test("withFreePorts() finds a port where none is named, and keeps those that are", async () => {
  const [found = WEB] = await withFreePorts([WEB]);
  assert.ok(found.host > 0);
  assert.deepEqual(await withFreePorts([found]), [found]);
});

test("withFreePorts() refuses for all addresses what a program has on one of them", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    await assert.rejects(withFreePorts([{ ...WEB, host: port }]), {
      message: `Cannot publish port ${port}: another program has it`,
    });
    const elsewhere = { ...WEB, host: port, address: "127.0.0.2" };
    assert.deepEqual(await withFreePorts([elsewhere]), [elsewhere]);
    const udp: PublishedPort = { ...WEB, host: port, protocol: "udp" };
    assert.deepEqual(await withFreePorts([udp]), [udp]);
  } finally {
    server.close();
  }
});
