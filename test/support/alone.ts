import { spawn } from "node:child_process";
import { once } from "node:events";

/** Runs `work` while no other process does with the same file or directory, which must be there. A test that dies lets go. */
export async function alone<T>(path: string, work: () => Promise<T>): Promise<T> {
  const holder = spawn("flock", [path, "sh", "-c", "echo held; read end"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(holder, "close");
  await Promise.race([once(holder.stdout, "data"), ended]);
  if (holder.exitCode !== null) throw new Error(`flock ${path} ended with ${holder.exitCode}`);
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
