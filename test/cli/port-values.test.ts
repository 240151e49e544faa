import assert from "node:assert/strict";
import { test } from "node:test";
import { publishedPorts } from "../../builder/cli/port-values.ts";

const TAKEN: readonly (readonly [text: string, ...expected: string[]])[] = [
  ["80", "*:0>80/tcp"],
  ["8080:80", "*:8080>80/tcp"],
  ["53:5353/udp", "*:53>5353/udp"],
  ["127.0.0.1:8080:80", "127.0.0.1:8080>80/tcp"],
  ["127.0.0.1::80", "127.0.0.1:0>80/tcp"],
  ["[::1]:8080:80", "::1:8080>80/tcp"],
  ["0:80", "*:0>80/tcp"],
  ["7000-7001:80-81/udp", "*:7000>80/udp", "*:7001>81/udp"],
  ["80-81", "*:0>80/tcp", "*:0>81/tcp"],
];

test("publishedPorts() takes what docker takes", () => {
  for (const [text, ...expected] of TAKEN) {
    const ports = publishedPorts("run", text).map(
      ({ address, host, container, protocol }) => `${address || "*"}:${host}>${container}/${protocol}`,
    );
    assert.deepEqual(ports, expected, text);
  }
});

test("publishedPorts() refuses what is no port of this machine and one of the container", () => {
  for (const text of [
    "",
    ":",
    "80:",
    "0:0",
    "70000",
    "80/sctp",
    "80-81:80",
    "1.2.3:80:80",
    "host:1:2",
    "::1:80:80",
    "9-8",
    "[1.2.3.4]:1:2",
  ])
    assert.throws(() => publishedPorts("run", text), /Cannot use --publish/, text);
});
