import { usageError } from "./flags.ts";
import { DOCKER_COLUMN, table } from "./table.ts";
import { fillTemplate } from "./template.ts";

/**
 * Docker's --format of lists: `json`, `table`, `table TEMPLATE` or a template, which is filled in for each row. `header` has
 * the titles of fields, and `columns` are the template of `table` alone.
 */
export function formatRows(
  command: string,
  format: string,
  rows: readonly object[],
  { header, columns }: { readonly header: object; readonly columns: string },
): string {
  if (format === "json") return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  if (format === "table" || format.startsWith("table ")) {
    const template = format === "table" ? columns : format.slice("table ".length);
    const [titles = [], ...cells] = [header, ...rows].map((row) => fillTemplate(template, row).split("\t"));
    return table(titles, cells, DOCKER_COLUMN);
  }
  if (format.includes("{{")) return rows.map((row) => `${fillTemplate(format, row)}\n`).join("");
  throw usageError(command, `Cannot use --format ${format}: it is neither json, table nor a template`);
}
