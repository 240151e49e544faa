import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import type { ContainerRecord, ContainerRequest } from "../../builder/api/container-types.ts";
import { parseRecord, serializeRecord } from "../../builder/containers/record.ts";
import { readRequest, writeRequest } from "../../builder/containers/request.ts";
import { sha256, type DiffId } from "../../builder/core/digest.ts";

const ID = "0123456789abcdef".repeat(4);
const RECORD: ContainerRecord = {
  id: ID,
  name: "web",
  image: "app",
  imageId: sha256("config"),
  manifest: sha256("manifest"),
  layers: [sha256("layer") as DiffId],
  snapshots: ["00ff"],
  created: "2026-01-02T03:04:05.000Z",
  argv: ["node", "-e", "1"],
  config: { Env: ["A=b"], Labels: { tier: "front" } },
  hostname: "box",
  tty: false,
  stdin: true,
  remove: true,
  stopSignal: 10,
  stopTimeout: -1,
  ports: ["0.0.0.0:80->80/tcp"],
  network: "default",
  volumes: ["/a:/b:ro"],
  mounts: ["/proc", "/b"],
  session: "1-2-3-00000000-00000000",
  process: {
    home: "/",
    cwd: "/work",
    uid: 1,
    gid: 2,
    groups: [3],
    capabilities: [0, 40],
    noNewPrivileges: true,
    limits: [{ resource: 7, soft: 1024, hard: Infinity }],
    cgroups: ["/sys/fs/cgroup/x"],
  },
  started: { pid: 5, start: 6, supervisor: 7, time: "2026-01-02T03:04:06.000Z", boot: "00ff00ff" },
};

test("a record reads as it was written", () => {
  const read = parseRecord(ID, JSON.parse(serializeRecord(RECORD)));
  assert.deepEqual(JSON.parse(serializeRecord(read)), JSON.parse(serializeRecord(RECORD)));
  assert.equal(read.process?.limits[0]?.hard, Infinity);
});

test("a record that says anything is read, and belongs to its directory", () => {
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.record(
      Object.fromEntries(Object.keys(RECORD).map((key) => [key, fc.jsonValue()])) as Record<
        keyof ContainerRecord,
        fc.Arbitrary<unknown>
      >,
      { requiredKeys: [] },
    ),
  );
  fc.assert(
    fc.property(anything, (value) => {
      const { id, name, snapshots, stopSignal } = parseRecord(ID, value);
      assert.equal(id, ID);
      assert.match(name, /^(?:|[a-zA-Z0-9][\w.-]+)$/);
      for (const snapshot of snapshots) assert.match(snapshot, /^[0-9a-f]+$/);
      assert.ok(stopSignal >= 1 && stopSignal <= 64);
    }),
  );
});

test("a request reads as it was written, limits without an end too", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const lists = { command: ["a"], env: ["A=Infinity"], volumes: [], capAdd: [], capDrop: [] };
  const settings = { ulimits: [{ resource: 7, soft: 5, hard: Infinity }] };
  const request = { ...lists, sandbox: { settings, dns: {}, mounts: [], ports: [] } };
  writeRequest(directory, request as unknown as ContainerRequest);
  assert.deepEqual(readRequest(directory, "web"), request);
  for (const text of [
    "",
    "5",
    "{}",
    JSON.stringify({ ...request, env: [5] }),
    JSON.stringify({ ...request, sandbox: [] }),
  ]) {
    writeFileSync(join(directory, "request.json"), text);
    assert.throws(
      () => readRequest(directory, "web"),
      /Cannot start container web: its record is damaged/,
      text,
    );
  }
});
