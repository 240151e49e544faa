import { accessSync, constants, statfsSync } from "node:fs";
import { TsbuildError, messageOf } from "./core/errors.ts";
import { subordinateCount, USUAL_IDS } from "../runtime/isolation/idmap.ts";
import { thisMachine } from "../runtime/isolation/machine.ts";
import { kernelObstacle, NOT_ROOT } from "../runtime/isolation/obstacles.ts";
import { isolationLevels, type Isolation } from "../runtime/isolation/probe.ts";
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
  none: "no namespaces, and no other root directory: RUN cannot be done",
};
const LOW_SPACE = 5 * 1024 ** 3;

/** Looks at what builds need here, and names the exact setting for what is missing. */
export async function examine(session: Session): Promise<Finding[]> {
  return [...(await isolationFindings(session)), ...storeFindings(session)];
}

/** Starting the helper is the only honest test of what can be done. */
async function isolationFindings(session: Session): Promise<Finding[]> {
  try {
    const { isolation } = await session.isolated();
    const message =
      isolation.level === "chroot"
        ? "the native helper starts, and works without namespaces"
        : "the native helper starts and can make namespaces";
    return [...levelFindings(isolation), { level: "ok", subject: "helper", message }];
  } catch (error) {
    const hint = error instanceof TsbuildError && error.hint !== undefined ? { fix: error.hint } : {};
    const { level, missing } = isolationLevels(thisMachine(session.store.root))[0];
    const problem: Finding = { level: "problem", subject: "helper", message: messageOf(error), ...hint };
    if (level === "root") return [...levelFindings({ level, missing }), problem];
    return [
      ...levelFindings({ level: "none", missing: [...(level === "none" ? missing : []), NOT_ROOT] }),
      problem,
    ];
  }
}

function levelFindings(isolation: Isolation): Finding[] {
  const { level, idMaps } = isolation;
  const inNamespace = level === "user" || level === "single";
  const old = inNamespace ? kernelObstacle(thisMachine(), level) : undefined;
  const missing = old === undefined ? isolation.missing : [...isolation.missing, old];
  const findings: Finding[] = [
    { level: level === "none" ? "problem" : "ok", subject: "isolation", message: LEVELS[level] },
    ...missing.map(({ what, fix }): Finding => ({ level: "note", subject: "isolation", message: what, fix })),
  ];
  const ids = idMaps === undefined || process.getuid?.() === 0 ? USUAL_IDS : subordinateCount(idMaps.uid);
  if (level === "user" && ids < USUAL_IDS - 1) {
    findings.push({
      level: "note",
      subject: "isolation",
      message: `only ${ids} subordinate ids: images with files of higher ids cannot be unpacked`,
      fix: 'as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"',
    });
  }
  return findings;
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
