import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test, type TestContext } from "node:test";
import { CALLERS, type Caller } from "../support/callers.ts";
import { missingTool, pathWith } from "../support/path-with.ts";
import { nobodyNames } from "../support/processes-naming.ts";
import { outcomeOf, saying } from "../support/rig.ts";
import { withTun } from "../support/tun.ts";

/** A web server, and one that sends datagrams back; both end with SIGTERM, and the web server with its client. */
const SERVER = `
const net = Object.values(require("os").networkInterfaces()).flat().filter((one) => !one.internal).length;
require("http").createServer((request, answer) => answer.end("hello " + request.url + " " + net)).listen(8000, () => {
  const udp = require("dgram").createSocket("udp4");
  udp.on("message", (data, from) => udp.send("echo " + data, from.port, from.address));
  udp.bind(8001, () => console.log("ready"));
});
process.on("SIGTERM", () => process.exit(9));`;

for (const { who, skip, open } of CALLERS) {
  test(`-p of ${who}`, { skip }, (t) => withTun(() => publishing(t, open)));
}

async function publishing(t: TestContext, open: () => Promise<Caller>): Promise<void> {
  await using publisher = await open();
  const { directory } = publisher;
  const image = `FROM base\nEXPOSE 8000\nENTRYPOINT ["node", "-e"]\nCMD [${JSON.stringify(SERVER)}]\n`;
  const built = await publisher.build(image, ["-t", "web"]);
  assert.equal(built.status, 0, built.stderr);
  using neighbour = makeNeighbour();
  for (const tool of ["pasta", "slirp4netns"]) {
    const path = pathWith(directory, [tool]);
    await t.test(`${tool} leads to a web server, and back`, { skip: missingTool(tool) }, async () => {
      const args = ["run", "--rm", "-p", "127.0.0.1::8000", "-p", "8001/udp", "web"];
      const child = publisher.start(args, path);
      const ended = outcomeOf(child);
      const said = await saying(child, /ready/);
      const [web, echo] = [portOf(said, "8000/tcp"), portOf(said, "8001/udp")];
      const answer = await fetch(`http://127.0.0.1:${web}/page`);
      assert.match(await answer.text(), /^hello \/page [1-9]/);
      if (neighbour !== undefined) assert.equal(neighbour.datagram(echo), "echo ping");
      const taken = await outcomeOf(publisher.start(["run", "-p", `127.0.0.1:${web}:80`, "web"], path));
      assert.equal(taken.status, 125);
      assert.match(taken.stderr, new RegExp(`Cannot publish port.*${web}`));
      child.kill("SIGTERM");
      assert.equal((await ended).status, 9);
      await nobodyNames(directory);
    });
  }
  await t.test("a detached container keeps its port when its maker is gone", async () => {
    const path = pathWith(directory, ["pasta", "slirp4netns"]);
    const run = async (...args: string[]) => outcomeOf(publisher.start(args, path));
    const started = await run("run", "-d", "--name", "kept", "-p", "127.0.0.1::8000", "web");
    assert.equal(started.status, 0, started.stderr);
    const [, port] = /127\.0\.0\.1:(\d+)->8000\/tcp/.exec((await run("ps")).stdout) ?? [];
    // It runs before its server does; and other commands sweep what dead processes left.
    await saying(publisher.start(["logs", "-f", "kept"], path), /ready/);
    assert.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /^hello/);
    assert.equal((await run("rm", "-f", "kept")).status, 0);
    await nobodyNames(directory);
  });
  await t.test("with no program for it, it is an error", async () => {
    const refused = await outcomeOf(publisher.start(["run", "-p", "80", "web"], pathWith(directory, [])));
    assert.equal(refused.status, 125);
    assert.match(refused.stderr, /Cannot publish ports: neither pasta .* is installed/);
  });
}

function portOf(said: string, inside: string): number {
  const [, port] = new RegExp(`:(\\d+)->${inside}`).exec(said) ?? [];
  assert.ok(port, said);
  return Number(port);
}

function ip(...args: readonly string[]): boolean {
  return spawnSync("ip", args).status === 0;
}

interface Neighbour extends Disposable {
  /** Sends datagrams to a port of this machine until an answer comes. */
  datagram(port: number): string;
}

const SENDER = `
const socket = require("dgram").createSocket("udp4");
socket.once("message", (data) => { console.log(String(data)); process.exit(); });
setInterval(() => socket.send("ping", +process.argv[1], process.argv[2]), 50);`;

/**
 * Another machine, which is a network namespace: this machine's own datagrams come back neither through slirp4netns nor
 * through pasta of 2023. Undefined where none can be made.
 */
function makeNeighbour(): Neighbour | undefined {
  const name = `tsb${process.pid}`;
  const subnet = `10.${200 + (process.pid % 50)}.${(process.pid >> 6) % 256}`;
  const made =
    ip("netns", "add", name) &&
    ip("link", "add", `${name}a`, "type", "veth", "peer", "name", `${name}b`, "netns", name) &&
    ip("addr", "add", `${subnet}.1/24`, "dev", `${name}a`) &&
    ip("link", "set", `${name}a`, "up") &&
    ip("-n", name, "addr", "add", `${subnet}.2/24`, "dev", `${name}b`) &&
    ip("-n", name, "link", "set", `${name}b`, "up");
  const remove = (): void => void [ip("link", "del", `${name}a`), ip("netns", "del", name)];
  if (!made) {
    remove();
    return undefined;
  }
  return {
    datagram(port) {
      const node = [process.execPath, "-e", SENDER, String(port), `${subnet}.1`];
      const sent = spawnSync("ip", ["netns", "exec", name, ...node], { encoding: "utf8", timeout: 120_000 });
      return sent.stdout.trim();
    },
    [Symbol.dispose]: remove,
  };
}
