import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesOf } from "../../../builder/core/bytes.ts";
import type { Entry } from "../../../builder/core/entry.ts";
import type { IdMap } from "../../../runtime/isolation/idmap.ts";
import { openHelper } from "../../../runtime/helper/start.ts";
import { DEFAULT_CAPABILITIES, Lines, STANDARD_MOUNTS } from "./rig.ts";

// What userns.test.ts runs as an ordinary user. Arguments: binary, "ranges" or "single". Prints one JSON object.
const [binary = "", kind = ""] = process.argv.slice(2);
const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;

function mapOf(file: string, own: number): IdMap[] {
  const first: IdMap = { inside: 0, outside: own, count: 1 };
  if (kind === "single") return [first];
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((one) => one.startsWith("tsbuild-test:"));
  const [, outside, count] = (line ?? "").split(":").map(Number);
  return [first, { inside: 1, outside: outside ?? 0, count: count ?? 0 }];
}

const root = mkdtempSync(join(tmpdir(), "tsbuild-"));
const idMaps = { uid: mapOf("/etc/subuid", uid), gid: mapOf("/etc/subgid", gid) };
const helper = await openHelper({ binary, idMaps, lanes: 2 });

const stream = helper.apply(join(root, "base"));
const busybox = readFileSync("/bin/busybox");
const entry = (path: string, more: Partial<Entry>): Entry => ({
  path: bytesOf(path),
  type: "file",
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 5,
  ...more,
});
stream.entry(entry("bin", { type: "directory" }));
stream.entry(entry("bin/busybox", { size: busybox.length }));
stream.data(busybox);
for (const applet of ["sh", "id", "chown", "stat", "rm", "mkdir", "echo", "test", "ls", "grep", "cut"])
  stream.entry(entry(`bin/${applet}`, { type: "symlink", link: bytesOf("busybox"), mode: 0o777 }));
stream.entry(entry("etc", { type: "directory", uid: 3, gid: 4 }));
stream.entry(entry("etc/a", { uid: 5 }));
stream.entry(entry("etc/old", { type: "directory" }));
stream.entry(entry("etc/old/f", {}));
stream.whiteout(bytesOf("etc/never"));
await stream.end();
mkdirSync(join(root, "step"));

const overlay = {
  kind: "overlay",
  lowers: [join(root, "base")],
  upper: join(root, "step/upper"),
  work: join(root, "step/work"),
} as const;
let output = "";
const command =
  "id; test -c /dev/null && echo >/dev/null && echo dev; test -d /sys/class && echo sys; stat -c '%u:%g' /etc; echo $(ls /etc); rm /etc/a; rm -r /etc/old; mkdir /etc/old; echo >/etc/n";
const exit = await helper.run(
  {
    root: overlay,
    mounts: STANDARD_MOUNTS,
    argv: ["/bin/sh", "-c", `${command}; chown 7:8 /etc/n`],
    env: ["PATH=/bin"],
    cwd: "/",
    uid: 0,
    gid: 0,
    groups: [],
    hostname: "box",
    umask: 0o022,
    capabilities: DEFAULT_CAPABILITIES,
    noNewPrivileges: false,
    readonlyRoot: false,
    network: "host",
    init: true,
    stdio: "pipes",
  },
  { onOutput: (_, data) => (output += data.toString()) },
);
const lines = new Lines();
await helper.diff({ upper: overlay.upper, lowers: overlay.lowers }, lines);
const device = helper.apply(join(root, "device"));
device.entry(entry("null", { type: "character", major: 1, minor: 3 }));
const refused = await device.end().then(
  () => "made",
  (error: unknown) => String(error),
);
await helper.remove([root]);
await helper[Symbol.asyncDispose]();
process.stdout.write(
  JSON.stringify({ code: exit.code, output: output.split("\n"), diff: lines.lines, refused }),
);
