import { rmSync } from "node:fs";
import { join } from "node:path";
import { readRecord } from "../store/files.ts";
import type { Container } from "../api/container-types.ts";
import { thaw, type FrozenGroup } from "../../runtime/limits/freezer.ts";
import { pausedFile } from "./paused.ts";

/** Lets the processes of a container go on, if it is paused; false where it is not. */
export async function letGoOn({ directory }: Pick<Container, "directory">): Promise<boolean> {
  const group = readGroup(directory);
  if (group === undefined) return false;
  await thaw(group);
  rmSync(pausedFile(directory), { force: true });
  return true;
}

function readGroup(directory: string): FrozenGroup | undefined {
  const value = readRecord(pausedFile(directory));
  const [group, back] = [absolute(value?.["directory"]), absolute(value?.["back"])];
  if (group === undefined) return undefined;
  return { directory: group, ...(back !== undefined && { back }) };
}

const absolute = (value: unknown): string | undefined =>
  typeof value === "string" && value.startsWith("/") && value === join(value, ".") ? value : undefined;
