import { Accounts, parseId, splitOwner, type ReadAccountFile } from "../../core/accounts.ts";

/** The owner of files. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Owner of what a build makes where nothing else is said. */
export const ROOT: Owner = { uid: 0, gid: 0 };

/**
 * Whom --chown's `user[:group]` means. Other than for USER, a number alone is the group's number too (BuildKit
 * solver/llbsolver/file/user_linux.go), and a name has its primary group.
 */
export function resolveOwner(chown: string, readFile: ReadAccountFile): Owner {
  const accounts = new Accounts(readFile);
  const { first, second } = splitOwner(chown);
  const id = first === "" ? 0 : parseId(first);
  if (id !== undefined) {
    const alone = first === "" ? 0 : id;
    return { uid: id, gid: second === "" ? alone : accounts.groupId(second) };
  }
  const user = accounts.user(first);
  return { uid: user.uid, gid: second === "" ? user.gid : accounts.groupId(second) };
}
