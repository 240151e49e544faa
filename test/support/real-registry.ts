import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

/** Debian's docker-registry on a port of the loopback. */
export interface RealRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
}

export function hasRealRegistry(): boolean {
  return spawnSync("docker-registry", ["--version"]).status === 0;
}

/** Starts one that keeps its blobs below a directory; resolves when it answers. */
export async function startRealRegistry(directory: string): Promise<RealRegistry> {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const config = join(directory, "registry.yml");
  mkdirSync(join(directory, "registry"), { recursive: true });
  writeFileSync(
    config,
    [
      "version: 0.1",
      "log: {level: error}",
      `storage: {filesystem: {rootdirectory: ${join(directory, "registry")}}, delete: {enabled: true}}`,
      `http: {addr: "${host}"}`,
    ].join("\n"),
  );
  const server = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  for (let tries = 0; !(await answers(host)); tries++) {
    if (tries > 200 || server.exitCode !== null) throw new Error("docker-registry does not answer");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    host,
    async [Symbol.asyncDispose]() {
      server.kill();
      await ended;
    },
  };
}

async function answers(host: string): Promise<boolean> {
  try {
    return (await fetch(`http://${host}/v2/`)).ok;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
    });
  });
}
