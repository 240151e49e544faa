import { existsSync } from "node:fs";
import { join } from "node:path";

/** What a Dockerfile is called that --file does not name, in the order in which they are looked for. */
export const DOCKERFILE_NAMES: readonly string[] = ["Dockerfile", "dockerfile", "Containerfile"];

/** The path of a directory's own Dockerfile, beside which its ignore file may be (BuildKit dockerui/config.go). */
export function ownDockerfile(directory: string): string | undefined {
  return DOCKERFILE_NAMES.map((name) => join(directory, name)).find((path) => existsSync(path));
}
