import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { TsbuildError, errnoOf, messageOf } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { parseIndexDocument } from "../image/manifest.ts";
import type { Descriptor } from "../image/types.ts";
import { layoutIndex, REF_NAME, type LayoutWriter } from "./layout.ts";

/**
 * An OCI layout as a directory, which may hold other images already: blobs are added, and index.json comes last and
 * whole, so that whoever reads meanwhile, or after a crash, finds what was there before.
 */
export function layoutDirectory(dest: string): LayoutWriter {
  const root = resolve(dest);
  const last: (() => void)[] = [];
  const place = (name: string, write: (path: string) => void): void => {
    const path = join(root, name);
    const temporary = `${path}.tsbuild-${process.pid}`;
    attempt(path, () => {
      makeDirectory(dirname(path));
      try {
        write(temporary);
        const file = openSync(temporary, "r");
        fsyncSync(file);
        closeSync(file);
        renameSync(temporary, path);
      } finally {
        rmSync(temporary, { force: true });
      }
    });
  };
  return {
    document: (name, data) => {
      if (!existsSync(join(root, name)) || !name.startsWith("blobs/"))
        place(name, (path) => writeFileSync(path, data));
    },
    blob: async (name, blob) => {
      if (existsSync(join(root, name))) return;
      const file = await blob.path?.();
      if (file !== undefined) return place(name, (path) => copyFileSync(file, path));
      const temporary = join(root, `${basename(name)}.tsbuild-${process.pid}.part`);
      attempt(temporary, () => makeDirectory(root));
      try {
        const out = attempt(temporary, () => openSync(temporary, "w", 0o644));
        try {
          for await (const chunk of blob.open()) attempt(temporary, () => writeFileSync(out, chunk));
        } finally {
          closeSync(out);
        }
        place(name, (path) => renameSync(temporary, path));
      } finally {
        rmSync(temporary, { force: true });
      }
    },
    index(manifests) {
      last.push(() => {
        const kept = attempt(root, () => others(join(root, "index.json"), manifests));
        place("index.json", (path) => writeFileSync(path, layoutIndex([...kept, ...manifests])));
      });
    },
    finish: async () => last.forEach((write) => write()),
  };
}

/**
 * What index.json has beside these, with all that is said of it: entries of other names; one without a name goes, as
 * nothing could tell it apart.
 */
function others(path: string, manifests: readonly Descriptor[]): readonly Descriptor[] {
  if (!existsSync(path)) return [];
  const names = new Set(manifests.map(nameOf));
  const raw = readFileSync(path);
  const there = parseIndexDocument(raw).manifests;
  const whole = (parseJson(raw, path) as { readonly manifests: readonly Descriptor[] }).manifests;
  return whole.filter((_, at) => {
    const name = there[at] && nameOf(there[at]);
    return name !== undefined && !names.has(name);
  });
}

function nameOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[REF_NAME];
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof TsbuildError) throw cause;
    const full = errnoOf(cause) === "ENOSPC";
    throw new TsbuildError(
      full ? "DISK_FULL" : "STORE_UNWRITABLE",
      `Cannot write "${path}": ${full ? "the disk is full" : messageOf(cause)}`,
      { cause },
    );
  }
}
