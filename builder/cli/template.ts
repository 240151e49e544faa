import { TsbuildError } from "../core/errors.ts";

const PLACE = /\{\{\s*(?:(json)\s+)?\.((?:[A-Za-z_]\w*)(?:\.\w+)*)?\s*\}\}/g;

/**
 * Fills in a template of docker's --format: `{{.Name}}`, `{{.State.Pid}}`, `{{json .Config}}`. The rest of Go's templates
 * is refused: jq does all of it, on JSON.
 */
export function fillTemplate(template: string, value: object): string {
  const text = template.replaceAll("\\t", "\t").replaceAll("\\n", "\n");
  const left = text.replace(PLACE, "");
  if (left.includes("{{") || left.includes("}}")) {
    throw new TsbuildError(
      "UNSUPPORTED",
      `Cannot use --format ${template}: tsbuild knows {{.Field}} and {{json .Field}} of templates`,
      { hint: "write --format json, and pipe it to jq" },
    );
  }
  return text.replace(PLACE, (_all, json: string | undefined, path: string | undefined) => {
    const found = path === undefined ? value : path.split(".").reduce<unknown>(member, value);
    if (found === undefined) {
      throw new TsbuildError("USAGE", `Cannot use --format ${template}: there is no field .${path}`, {
        hint: "--format json shows them all",
      });
    }
    return json === undefined && typeof found !== "object" ? String(found) : JSON.stringify(found);
  });
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
