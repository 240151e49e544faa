import { diagnosticText } from "../../../progress/diagnostic-text.ts";
import type { Style } from "../../../progress/types.ts";
import type { CheckReport, Outline, OutlinedMount, TargetList } from "../../../api/answer-types.ts";
import { table } from "../../table.ts";

/** Every finding with its lines of the Dockerfile, and a line that sums them up. */
export function checkText({ source, warnings, errors }: CheckReport, style: Style, columns: number): string {
  const frames = [...warnings, ...errors].map((found) => `${diagnosticText(found, style, columns)}\n\n`);
  const failed = errors.length > 0;
  if (frames.length === 0) return `${style.green("Check complete, no warnings found")} in ${source.name}\n`;
  const counts = [
    ...(failed ? [count(errors.length, "error")] : []),
    ...(warnings.length > 0 ? [count(warnings.length, "warning")] : []),
  ];
  const sum = failed ? style.red("Check failed") : style.yellow("Check complete");
  return `${frames.join("")}${sum}: ${counts.join(" and ")} in ${source.name}\n`;
}

/** buildx's table of the stages. */
export function targetsText({ targets }: TargetList): string {
  const rows = targets.map(({ name = "", isDefault, description }) => [
    [name, ...(isDefault ? ["(default)"] : [])].filter((part) => part !== "").join(" "),
    description,
  ]);
  return plain(table(["TARGET", "DESCRIPTION"], rows));
}

/** buildx's tables of what a build can be given. */
export function outlineText({ name, description, args, secrets, ssh }: Outline): string {
  const target = [
    ...(name === undefined ? [] : [`TARGET:      ${name}`]),
    ...(description === "" ? [] : [`DESCRIPTION: ${description}`]),
  ];
  const parts = [
    ...(target.length === 0 ? [] : [`${target.join("\n")}\n`]),
    ...(args.length === 0
      ? []
      : [
          table(
            ["BUILD ARG", "VALUE", "DESCRIPTION"],
            args.map((arg) => [arg.name, arg.value ?? "", arg.description]),
          ),
        ]),
    ...mounts("SECRET", secrets),
    ...mounts("SSH", ssh),
  ];
  if (args.length + secrets.length + ssh.length === 0)
    parts.push("It takes nothing: it asks for no build argument, no secret and no SSH agent\n");
  return parts.map(plain).join("\n");
}

function mounts(title: string, list: readonly OutlinedMount[]): readonly string[] {
  if (list.length === 0) return [];
  return [
    table(
      [title, "REQUIRED"],
      list.map(({ name, required }) => [name, required ? "true" : ""]),
    ),
  ];
}

/** No spaces at the ends of lines, where the last column is empty. */
function plain(text: string): string {
  return text.replace(/ +$/gm, "");
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
