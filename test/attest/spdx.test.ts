import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { sbom } from "../../builder/attest/sbom.ts";
import { memoryTree } from "../support/memory-tree.ts";
import { spdxProblems } from "./spdx-rules.ts";

function documentOf(files: Readonly<Record<string, string>>, name?: string): Record<string, unknown> {
  const given = Object.entries(files).map(([path, data]) => [path, { data }] as const);
  const tree = memoryTree(Object.fromEntries(given));
  const { predicate } = sbom(tree, {
    name,
    version: "1.2",
    created: "2026-01-01T00:00:00Z",
    notice: () => {},
  });
  return JSON.parse(JSON.stringify(predicate)) as Record<string, unknown>;
}

const MUSL = "P:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT AND (ISC OR BSD-2-Clause)\nm:Timo <t@alpinelinux.org>\n";

test("spdxProblems() finds what SPDX 2.3 does not have", () => {
  const good = documentOf({ "lib/apk/db/installed": MUSL }, "docker.io/library/app:1");
  assert.deepEqual(spdxProblems(good), []);
  const [image, musl] = good["packages"] as readonly Record<string, unknown>[];
  const [describes, contains] = good["relationships"] as readonly object[];
  const { spdxVersion: _, ...noVersion } = good;
  const table: readonly (readonly [document: object, problem: string])[] = [
    [noVersion, ".spdxVersion: is missing"],
    [{ ...good, comments: "x" }, ".comments: is unknown"],
    [{ ...good, documentNamespace: "https://x/#y" }, '.documentNamespace: is "https://x/#y"'],
    [
      { ...good, creationInfo: { created: "2026-01-01T00:00:00Z", creators: [] } },
      ".creationInfo.creators: is no such list",
    ],
    [
      { ...good, packages: [image, { ...musl, SPDXID: "SPDXRef-a b" }] },
      '.packages[1].SPDXID: is "SPDXRef-a b"',
    ],
    [
      { ...good, packages: [image, { ...musl, licenseDeclared: "MIT / X11" }] },
      '.packages[1].licenseDeclared: is "MIT / X11"',
    ],
    [{ ...good, packages: [image, { ...musl, supplier: "Timo" }] }, '.packages[1].supplier: is "Timo"'],
    [{ ...good, packages: [image, musl, musl] }, `${String(musl?.["SPDXID"])}: stands twice`],
    [{ ...good, packages: [image] }, `${String(musl?.["SPDXID"])}: is named and is not there`],
    [{ ...good, relationships: [contains] }, "relationships: say nothing of what is described"],
    [
      { ...good, relationships: [{ ...describes, relationshipType: "IS" }] },
      '.relationships[0].relationshipType: is "IS"',
    ],
  ];
  for (const [document, problem] of table) assert.deepEqual(spdxProblems(document), [problem]);
});

test("sbom() makes documents of SPDX 2.3, whatever the databases of an image say", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.constantFrom("MIT", "a <b@c>", " <>", "1:2-3", "\u00e9", "x y", "__proto__", "\ud800", ""),
  );
  const record = (keys: readonly string[], join: string): fc.Arbitrary<string> =>
    fc
      .array(fc.record(Object.fromEntries(keys.map((key) => [key, value]))), { maxLength: 4 })
      .map((records) =>
        records.map((one) => keys.map((key) => `${key}${join}${one[key]}\n`).join("")).join("\n"),
      );
  const dpkg = record(["Package", "Version", "Architecture", "Maintainer", "Source"], ": ").map((text) =>
    text.replaceAll("Version:", "Status: install ok installed\nVersion:"),
  );
  const npm = fc.record({ name: value, version: value, license: value, author: value });
  fc.assert(
    fc.property(
      dpkg,
      record(["P", "V", "A", "L", "m", "o"], ":"),
      npm,
      record(["ID", "VERSION_ID"], "="),
      (status, installed, manifest, release) => {
        const document = documentOf({
          "var/lib/dpkg/status": status,
          "lib/apk/db/installed": installed,
          "app/node_modules/a/package.json": JSON.stringify(manifest),
          "etc/os-release": release,
        });
        assert.deepEqual(spdxProblems(document), []);
      },
    ),
    { numRuns: 300 },
  );
});
