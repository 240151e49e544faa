import { sanitize } from "../progress/sanitize.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text of anybody's as text of a page: without control characters, and without meaning to HTML. */
export function escapeHtml(text: string): string {
  return text
    .split("\n")
    .map((line) => sanitize(line).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? ""))
    .join("\n");
}
