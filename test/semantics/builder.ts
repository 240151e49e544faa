import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hostBase } from "../support/host-base.ts";
import { listTree } from "../support/list-tree.ts";
import { openRig, type Outcome, type Rig } from "../support/rig.ts";

/** A context, and a base image named `base` that has node and a shell: builds one Dockerfile after the other. */
export interface Builder extends AsyncDisposable {
  readonly rig: Rig;
  readonly context: string;
  /** Writes a file of the context; returns where. */
  put(path: string, data: string | Buffer, mode?: number): string;
  /** Builds these lines as image `app`. */
  build(...lines: readonly string[]): Promise<Outcome>;
  /** What the image of these lines has: `path type mode owner`, with where links lead and which names are one file. */
  built(...lines: readonly string[]): Promise<readonly string[]>;
  /** Where the files of the last `built` are. */
  result(path: string): string;
}

export async function openBuilder(): Promise<Builder> {
  const rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({});
  let count = 0;
  const run = (lines: readonly string[], ...flags: string[]): Promise<Outcome> =>
    rig.tsbuild(["build", "--progress=plain", ...base, ...flags, "-f", "-", context], {
      input: `${lines.join("\n")}\n`,
    });
  const result = (path: string): string => rig.path(`result-${count}`, path);
  return {
    rig,
    context,
    put(path, data, mode = 0o644) {
      const file = join(context, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, data);
      chmodSync(file, mode);
      return file;
    },
    build: (...lines) => run(lines, "-t", "app"),
    async built(...lines) {
      count += 1;
      const { status, stderr } = await run(lines, "-o", `type=local,dest=${result("")}`);
      assert.equal(status, 0, stderr);
      const list = listTree(result(""), { timeless: () => true, opaque: () => true });
      return list.map((line) => line.replace(/ \d+ [0-9a-f]{40}$/, ""));
    },
    result,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

/** RUN of a script of node, with `fs` in it. */
export function node(script: string): string {
  return `RUN node -e 'const fs = require("fs"); ${script}'`;
}
