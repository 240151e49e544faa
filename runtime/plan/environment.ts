import { DEFAULT_PATH } from "./paths.ts";

/**
 * The environment of a process in a container: what the image and the user say, the last of a name winning, with PATH
 * and HOME where nobody says (runc's initialisation does the same).
 */
export function processEnvironment(lists: readonly (readonly string[])[], home: string): string[] {
  const values = new Map<string, string>();
  for (const variable of lists.flat()) {
    const equals = variable.indexOf("=");
    if (equals > 0) values.set(variable.slice(0, equals), variable.slice(equals + 1));
  }
  if (!values.has("PATH")) values.set("PATH", DEFAULT_PATH);
  if (!values.get("HOME")) values.set("HOME", home);
  return [...values].map(([name, value]) => `${name}=${value}`);
}
