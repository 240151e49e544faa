/** What --call answers, by the names that BuildKit has for it (frontend/subrequests). */
const SUBREQUESTS = [
  ["frontend.outline", "1.0.0", "List all parameters current build target supports"],
  ["frontend.targets", "1.0.0", "List all targets current build supports"],
  ["frontend.lint", "1.0.0", "Lint Dockerfile"],
  ["frontend.subrequests.describe", "1.0.0", "List available subrequest types"],
] as const;

/** `--call=subrequests.describe`. */
export function describeText(): string {
  const rows = [["NAME", "VERSION", "DESCRIPTION"], ...SUBREQUESTS];
  const width = Math.max(...rows.map(([name = ""]) => name.length));
  const line = ([name = "", version = "", description = ""]: readonly string[]): string =>
    `${name.padEnd(width)} ${version.padEnd("VERSION".length)} ${description}\n`;
  return rows.map(line).join("");
}

/** BuildKit's list of requests. */
export function describeJson(): string {
  const requests = SUBREQUESTS.map(([name, version, description]) => ({
    name,
    version,
    type: "rpc",
    description,
    opts: null,
    metadata: [{ name: "result.json" }, { name: "result.txt" }],
  }));
  return `${JSON.stringify(requests, undefined, 2)}\n`;
}
