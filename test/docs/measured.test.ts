import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../support/project.ts";

const COLUMNS = ["work", "tsbuild", "docker", "buildah", "podman"];

/** The rows of docs/benchmarks.md in which another builder did the same work, without spans and budgets. */
function measured(): string {
  const text = readFileSync(join(projectRoot, "docs/benchmarks.md"), "utf8");
  const rows = [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row = ""]) => row.split(" | "));
  const [head = []] = rows;
  const places = COLUMNS.map((name) => head.indexOf(name));
  assert.ok(
    places.every((place) => place >= 0),
    `docs/benchmarks.md lacks one of ${COLUMNS.join(", ")}`,
  );
  const kept = rows.slice(2).flatMap((row) => {
    const [work = "", own = "", ...others] = places.map((place) => row[place] ?? "–");
    if (others.every((other) => other === "–")) return [];
    return [`| ${[work, own.replace(/ \(.*\)$/, ""), ...others].join(" | ")} |`];
  });
  const lines = [`| ${COLUMNS.join(" | ")} |`, `|${"---|".repeat(COLUMNS.length)}`, ...kept];
  return `<!-- measured -->\n${lines.join("\n")}\n<!-- end -->`;
}

test("README.md has the times of docs/benchmarks.md beside the others', and no other", () => {
  const path = join(projectRoot, "README.md");
  const text = readFileSync(path, "utf8");
  const table = /<!-- measured -->[^]*<!-- end -->/;
  if (process.env["UPDATE"] === "1") writeFileSync(path, text.replace(table, measured()));
  else assert.equal(table.exec(text)?.[0], measured(), "UPDATE=1 writes it anew");
});
