import { randomHex } from "../../builder/core/random.ts";
import type { Isolation } from "../isolation/probe.ts";

/**
 * How unpacked layers say what a filesystem has no place for: opaque directories in trusted or in user attributes, and with a
 * single id owners in attributes, too. Who is at one level of isolation cannot use what was unpacked at another; a store may
 * see several, as when its user is given subordinate ids. "none": layers are not unpacked on their own.
 */
export type SnapshotForm = "root" | "user" | "single" | "none";

/** A name's last digit, after 16 random ones. */
const MARKS: Readonly<Record<SnapshotForm, string>> = { root: "", user: "1", single: "2", none: "0" };
const RANDOM_BYTES = 8;

/** What snapshots are made and read at a level of isolation. */
export function formAt(level: Isolation["level"]): SnapshotForm {
  return level === "chroot" ? "none" : level;
}

/** A name for a snapshot: random, as a step's snapshot is there before its DiffID is known. */
export function snapshotName(form: SnapshotForm): string {
  return randomHex(RANDOM_BYTES) + MARKS[form];
}

/** Whether a snapshot of this name is of this form. */
export function isOfForm(name: string, form: SnapshotForm): boolean {
  return name.slice(2 * RANDOM_BYTES) === MARKS[form];
}
