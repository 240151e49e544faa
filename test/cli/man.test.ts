import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { COMMANDS } from "../../builder/cli/catalog.ts";
import { commandPage, generalPage } from "../../builder/cli/man.ts";
import { assertGolden } from "../progress/golden.ts";

const skip = spawnSync("mandoc", ["-h"]).error === undefined ? false : "mandoc is not installed";

test("commandPage() writes the page of a command", async () => {
  const entry = COMMANDS.find(({ name }) => name === "store");
  assert.ok(entry);
  assertGolden("cli/golden/tsbuild-store.1", commandPage(await entry.load(), "1.2.3"));
});

test("a man reader finds nothing wrong in any page", { skip }, async () => {
  const pages = await Promise.all(COMMANDS.map(async ({ load }) => commandPage(await load(), "1.2.3")));
  for (const page of [generalPage(COMMANDS, "1.2.3"), ...pages]) {
    // A page without a date, so that two builds of the package are equal, is what mandoc warns of and what we want.
    const { stdout } = spawnSync("mandoc", ["-T", "lint", "-W", "warning"], {
      input: page,
      encoding: "utf8",
    });
    assert.equal(stdout.replace(/^.*missing date.*\n/m, ""), "", page.slice(0, 60));
  }
});

test("a page shows flags as they are typed", { skip }, () => {
  const command = {
    name: "x",
    usage: "x [OPTIONS] .\\FILE",
    summary: "Do it",
    flags: { "no-cache": { doc: ".starts with a dot" }, tag: { short: "t", value: "N-M", doc: "'quoted'" } },
    examples: [["tsbuild x -t a\\b", "does"]],
  } as const;
  const { stdout } = spawnSync("mandoc", ["-T", "utf8"], {
    input: commandPage(command, "1"),
    encoding: "utf8",
  });
  const plain = stdout.replace(/.\x08/gu, "");
  for (const part of [
    "--no-cache",
    "-t, --tag N-M",
    ".starts with a dot",
    "'quoted'",
    "tsbuild x -t a\\b",
    "x [OPTIONS] .\\FILE",
  ]) {
    assert.ok(plain.includes(part), `${part} in ${plain}`);
  }
});
