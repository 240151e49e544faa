import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, ContainerState, ExecOptions } from "../../builder/api/container-types.ts";
import { parseRecord } from "../../builder/containers/record.ts";
import { parseInstant } from "../../builder/cli/instant.ts";
import { LineTimes } from "../../builder/cli/line-times.ts";
import { listing } from "../../builder/cli/commands/containers/ps.ts";
import { containerFilter } from "../../builder/cli/commands/containers/ps-filter.ts";
import { cli, fakeIo, fakeTsbuild, IMAGE_ID } from "./rig.ts";

const NOW = Date.parse("2026-01-02T03:04:05Z");
const STARTED = { pid: 1, start: 2, supervisor: 3, time: "2026-01-02T03:02:05Z", boot: "x" };

function container(digit: string, name: string, state: ContainerState, more: object = {}): Container {
  const value = {
    name,
    image: "app",
    imageId: IMAGE_ID,
    created: "2026-01-02T02:00:00Z",
    network: "default",
    ...more,
  };
  return { record: parseRecord(digit.repeat(64), value), state, directory: "/" };
}

const CONTAINERS = [
  container(
    "a",
    "web",
    { status: "running", started: STARTED },
    {
      argv: ["node", "server.js", "--port", "80"],
      ports: ["0.0.0.0:8080->80/tcp"],
      config: { Labels: { tier: "front", empty: "" } },
    },
  ),
  container(
    "b",
    "job",
    {
      status: "exited",
      ending: { code: 3, outOfMemory: false, time: "2026-01-01T03:04:05Z", message: "" },
    },
    { argv: ["sh", "-c", 'echo "x"'] },
  ),
  container("c", "new", { status: "created" }),
  container("d", "", { status: "dead" }),
];

test("ps lists containers as docker does", () => {
  const flags = { quiet: false, "no-trunc": false, format: undefined };
  assert.equal(
    listing(CONTAINERS, flags, NOW),
    `CONTAINER ID   IMAGE     COMMAND                  CREATED             STATUS                    PORTS                  NAMES
aaaaaaaaaaaa   app       "node server.js --po…"   About an hour ago   Up 2 minutes              0.0.0.0:8080->80/tcp   web
bbbbbbbbbbbb   app       "sh -c echo \\"x\\""       About an hour ago   Exited (3) 24 hours ago                          job
cccccccccccc   app       ""                       About an hour ago   Created                                          new
dddddddddddd   app       ""                       About an hour ago   Dead                                             
`,
  );
  assert.equal(listing([], { ...flags, quiet: true }, NOW), "");
  assert.equal(
    listing(CONTAINERS.slice(0, 1), { ...flags, format: "table {{.Names}}\\t{{.State}}" }, NOW),
    "NAMES     STATE\nweb       running\n",
  );
  assert.equal(
    listing(CONTAINERS, { ...flags, format: "{{.ID}}={{json .Names}}" }, NOW).split("\n")[1],
    'bbbbbbbbbbbb="job"',
  );
  const [line = ""] = listing(CONTAINERS, { ...flags, format: "json", "no-trunc": true }, NOW).split("\n");
  assert.equal(JSON.parse(line).Command, '"node server.js --port 80"');
});

test("ps filters by any value of a key, all labels and all keys", () => {
  const table: readonly (readonly [filters: string[], names: string])[] = [
    [["name=e"], "web new"],
    [["name=^we"], "web"],
    [["name=^/web$"], "web"],
    [["name=^e"], ""],
    [["status=exited", "status=created"], "job new"],
    [["exited=3"], "job"],
    [["label=tier"], "web"],
    [["label=tier=front", "label=empty="], "web"],
    [["label=tier=back"], ""],
    [["label=__proto__"], ""],
    [["ancestor=app:latest", "id=bb"], "job"],
    [[`ancestor=${IMAGE_ID}`, "status=running"], "web"],
  ];
  for (const [filters, names] of table) {
    const found = CONTAINERS.filter(containerFilter(filters).matches).map(({ record }) => record.name);
    assert.equal(found.filter(Boolean).join(" "), names, filters.join());
  }
  for (const bad of ["status=sleeping", "nme=x", "name", "constructor=x"])
    assert.throws(() => containerFilter([bad]), /Cannot use --filter/, bad);
});

test("ps shows what runs, and more where it is asked for", async () => {
  const parts = fakeTsbuild({}).containers;
  const containers = { ...parts, list: async () => CONTAINERS };
  const ps = async (...flags: string[]): Promise<string> =>
    (await cli(["ps", "--format", "{{.Names}}", ...flags], { containers })).stdout
      .trim()
      .split("\n")
      .join(" ");
  assert.equal(await ps(), "web");
  assert.equal(await ps("-a"), "web job new");
  assert.equal(await ps("-l"), "web");
  assert.equal(await ps("-n", "2"), "web job");
  assert.equal(await ps("-f", "status=exited"), "job");
  assert.match((await cli(["ps", "-s"], {})).stderr, /Cannot use -s/);
});

async function notBad(name: string): Promise<void> {
  if (name === "bad") throw new Error("no");
}

test("stop, kill and rm go on after one that fails", async () => {
  const parts = fakeTsbuild({}).containers;
  const containers = { ...parts, stop: notBad, kill: notBad, remove: notBad };
  for (const command of ["stop", "kill", "rm"]) {
    const { status, stdout, stderr } = await cli([command, "x", "bad", "y"], { containers });
    assert.deepEqual([status, stdout], [1, "x\ny\n"]);
    assert.match(stderr, /no/);
  }
});

test("exec asks for what its flags say, and leaves the command's own alone", async () => {
  const asked: ExecOptions[] = [];
  const containers = {
    ...fakeTsbuild({}).containers,
    exec: async (_name: string, options: ExecOptions) => {
      asked.push(options);
      return 5;
    },
  };
  const io = fakeIo({ env: { HOST: "h" }, tty: ["stdin"] });
  const line = "exec -it -e A=1 -e HOST -u 5:6 -w /src web ls -la --user";
  assert.equal((await cli(line.split(" "), { containers }, io)).status, 5);
  const [{ io: _io, signal: _signal, ...options } = assert.fail()] = asked;
  assert.deepEqual(options, {
    command: ["ls", "-la", "--user"],
    env: ["A=1", "HOST=h"],
    user: "5:6",
    workdir: "/src",
    interactive: true,
    tty: true,
    detach: false,
  });
  assert.match(
    (await cli(["exec", "-it", "web", "sh"], { containers })).stderr,
    /standard input is not a terminal/,
  );
  assert.match((await cli(["exec", "web"], { containers })).stderr, /is missing/);
});

test("parseInstant() takes durations, seconds and dates", () => {
  const table: readonly (readonly [text: string, time: string])[] = [
    ["10m", "2026-01-02T02:54:05.000Z"],
    ["1h30m", "2026-01-02T01:34:05.000Z"],
    ["1767322800", "2026-01-02T03:00:00.000Z"],
    ["1767322800.5", "2026-01-02T03:00:00.500Z"],
    ["2026-01-02T03:00:00Z", "2026-01-02T03:00:00.000Z"],
    ["2026-01-02T03:00:00.25+01:00", "2026-01-02T02:00:00.250Z"],
    ["2026-01-02T03Z", "2026-01-02T03:00:00.000Z"],
  ];
  for (const [text, time] of table)
    assert.equal(new Date(parseInstant("logs", "--since", text, NOW) ?? 0).toISOString(), time, text);
  assert.equal(parseInstant("logs", "--since", "2026-01-02", NOW), new Date(2026, 0, 2).getTime());
  for (const text of ["", "soon", "2026-13-01", "2026-01-02T25:00"])
    assert.throws(() => parseInstant("logs", "--since", text, NOW), /it is no time/, text);
});

test("LineTimes puts the time before lines, not before pieces", () => {
  const times = new LineTimes();
  const stamp = (stream: string, text: string): string =>
    times.stamp(stream, Buffer.from(text), 1_500_000_000n).toString();
  const at = "1970-01-01T00:00:01.500000000Z ";
  assert.equal(stamp("stdout", "a\nb"), `${at}a\n${at}b`);
  assert.equal(stamp("stderr", "x\n"), `${at}x\n`);
  assert.equal(stamp("stdout", "c\n"), "c\n");
});
