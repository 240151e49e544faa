import { accessSync, constants, statfsSync } from "node:fs";
import { messageOf } from "./core/errors.ts";
import { subordinateCount, USUAL_IDS } from "../runtime/isolation/idmap.ts";
import { probeIsolation, type Isolation } from "../runtime/isolation/probe.ts";
import type { Session } from "./session/session.ts";
import type { Finding } from "./api/types.ts";
import { makeDirectory } from "./core/make-directory.ts";

const LEVELS: Readonly<Record<Isolation["level"], string>> = {
  root: "root: steps run in namespaces on overlay filesystems",
  user: "ordinary user: steps run in a user namespace with subordinate ids",
  single:
    "ordinary user with a single id: steps run in a user namespace, and owners of files are recorded beside them",
  chroot:
    "no namespaces: steps run by chroot in plain copies of their root filesystem, and share processes, network and memory with this container",
  none: "no namespaces: steps cannot run",
};
const LOW_SPACE = 5 * 1024 ** 3;

/** Looks at what builds need here, and names the exact setting for what is missing. */
export async function examine(session: Session): Promise<Finding[]> {
  const isolation = probeIsolation();
  return [...isolationFindings(isolation), ...(await helperFindings(session)), ...storeFindings(session)];
}

function isolationFindings(isolation: Isolation): Finding[] {
  const findings: Finding[] = [
    {
      level: isolation.level === "none" ? "problem" : "ok",
      subject: "isolation",
      message: LEVELS[isolation.level],
    },
    ...isolation.missing.map(({ what, fix }): Finding => ({
      level: "note",
      subject: "isolation",
      message: what,
      fix,
    })),
  ];
  const ids = isolation.idMaps === undefined ? USUAL_IDS : subordinateCount(isolation.idMaps.uid);
  if (isolation.level === "user" && ids < USUAL_IDS - 1) {
    findings.push({
      level: "note",
      subject: "isolation",
      message: `only ${ids} subordinate ids: images with files of higher ids cannot be unpacked`,
      fix: 'as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"',
    });
  }
  return findings;
}

/** Starting it is the only honest test of whether namespaces can be made. */
async function helperFindings(session: Session): Promise<Finding[]> {
  try {
    await session.helper();
    return [{ level: "ok", subject: "helper", message: "the native helper starts and can make namespaces" }];
  } catch (error) {
    const hint =
      error instanceof Error && "hint" in error && typeof error.hint === "string" ? { fix: error.hint } : {};
    return [{ level: "problem", subject: "helper", message: messageOf(error), ...hint }];
  }
}

function storeFindings({ store }: Session): Finding[] {
  try {
    makeDirectory(store.root);
    accessSync(store.root, constants.W_OK);
    const { bavail, bsize } = statfsSync(store.root);
    const free = bavail * bsize;
    const message = `${store.root}, ${Math.floor(free / 1024 ** 3)} GiB free`;
    if (free < LOW_SPACE)
      return [
        { level: "note", subject: "store", message, fix: "set TSBUILD_ROOT to a directory on a larger disk" },
      ];
    return [{ level: "ok", subject: "store", message }];
  } catch (error) {
    return [
      {
        level: "problem",
        subject: "store",
        message: messageOf(error),
        fix: "set TSBUILD_ROOT to a directory that you may write to",
      },
    ];
  }
}
