import { TsbuildError, messageOf } from "../core/errors.ts";

/** A table of a configuration that nobody looked at yet. */
export type Table = Readonly<Record<string, unknown>>;

/** A TOML document; CONFIG_INVALID names the file and the line where it is none. */
export async function parseToml(text: string, path: string): Promise<Table> {
  const { parse } = await import("smol-toml");
  try {
    return parse(text);
  } catch (cause) {
    const [reason = ""] = messageOf(cause).split("\n");
    const line = cause instanceof Error && "line" in cause ? ` in line ${String(cause.line)}` : "";
    throw new TsbuildError(
      "CONFIG_INVALID",
      `Cannot read the configuration "${path}": it is not TOML${line} (${reason})`,
      { cause },
    );
  }
}

/** For a configuration that says something else than it may. */
export function invalidConfig(path: string, state: string, hint?: string): TsbuildError {
  return new TsbuildError("CONFIG_INVALID", `Cannot use the configuration "${path}": ${state}`, { hint });
}
