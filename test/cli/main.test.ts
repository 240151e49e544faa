import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const main = fileURLToPath(new URL("../../builder/cli/main.js", import.meta.url));
const processIo = new URL("../../builder/cli/process-io.js", import.meta.url).href;

/** A program that writes 4 MB to a stream and ends with 7. */
function writer(stream: "stdout" | "stderr"): string[] {
  const program = `
    import { processIo } from ${JSON.stringify(processIo)};
    const io = processIo();
    for (let piece = 0; piece < 40; piece++) io.${stream}.write("x".repeat(100_000));
    io.exit(7);`;
  return ["--input-type=module", "--eval", program];
}

test("main answers as a process does", () => {
  const table: readonly (readonly [
    argv: readonly string[],
    status: number,
    stdout: RegExp,
    stderr: RegExp,
  ])[] = [
    [["--version"], 0, /^tsbuild \d/, /^$/],
    [["--help"], 0, /^Turns a Dockerfile/, /^$/],
    [["biuld"], 2, /^$/, /did you mean "build"/],
    [["run"], 125, /^$/, /IMAGE is missing/],
  ];
  for (const [argv, status, stdout, stderr] of table) {
    const result = spawnSync(process.execPath, [main, ...argv], { encoding: "utf8" });
    assert.equal(result.status, status, argv.join(" "));
    assert.match(result.stdout, stdout);
    assert.match(result.stderr, stderr);
  }
});

test("help and the version load nothing of the builder", () => {
  const loader = `
    import { register } from "node:module";
    register("data:text/javascript," + encodeURIComponent(
      "export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }"));`;
  const hook = `data:text/javascript,${encodeURIComponent(loader)}`;
  for (const flag of ["--help", "--version"]) {
    const { stderr } = spawnSync(process.execPath, ["--no-warnings", "--import", hook, main, flag], {
      encoding: "utf8",
    });
    const loaded = stderr.split("\n").filter((url) => url.startsWith("file:"));
    assert.ok(
      loaded.some((url) => url.endsWith("/cli/main.js")),
      stderr,
    );
    assert.deepEqual(
      loaded.filter((url) => !/\/builder\/(?:(?:cli|core)\/|progress\/(?:wrap|width)\.js$)/.test(url)),
      [],
    );
  }
});

test("processIo() ends with 141 when nobody reads standard output any more", async () => {
  const child = spawn(process.execPath, writer("stdout"), { stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.destroy();
  const [status] = (await once(child, "exit")) as [number];
  assert.equal(status, 141);
});

test("processIo() goes on when nobody reads standard error any more", async () => {
  const child = spawn(process.execPath, writer("stderr"), { stdio: ["ignore", "inherit", "pipe"] });
  child.stderr.destroy();
  const [status] = (await once(child, "exit")) as [number];
  assert.equal(status, 7);
});

test("processIo() loses nothing to a slow reader before it exits", async () => {
  const child = spawn(process.execPath, writer("stdout"), { stdio: ["ignore", "pipe", "inherit"] });
  let bytes = 0;
  child.stdout.once("readable", () => {
    setImmediate(() => child.stdout.on("data", (chunk: Buffer) => void (bytes += chunk.length)));
  });
  const [status] = (await once(child, "close")) as [number];
  assert.equal(status, 7);
  assert.equal(bytes, 4_000_000);
});
