import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAttestations } from "../../builder/cli/commands/build/build-attest.ts";

test("parseAttestations() reads what buildx does", () => {
  const table: readonly (readonly [
    Parameters<typeof parseAttestations>,
    ReturnType<typeof parseAttestations>,
  ])[] = [
    [[[], undefined, undefined], undefined],
    [[[], "true", undefined], { provenance: { mode: "min" }, sbom: false }],
    [[[], "false", "1"], { sbom: true }],
    [[["type=provenance,disabled=true"], undefined, undefined], undefined],
    [[["type=sbom"], "mode=max", undefined], { provenance: { mode: "max" }, sbom: true }],
    [
      [["type=provenance,builder-id=https://ci"], undefined, "false"],
      { provenance: { mode: "min", builderId: "https://ci" }, sbom: false },
    ],
  ];
  for (const [given, wanted] of table) assert.deepEqual(parseAttestations(...given), wanted);
});

test("parseAttestations() refuses what would be something else", () => {
  const table: readonly (readonly [readonly string[], string | undefined, RegExp])[] = [
    [["sbom"], undefined, /Cannot use --attest sbom/],
    [["mode=max"], undefined, /type is missing/],
    [["type=provenence"], undefined, /is none of provenance, sbom/],
    [["type=provenance,mod=max"], undefined, /"mod" is not known/],
    [["type=provenance,mode=mid"], undefined, /mode "mid" is neither min nor max/],
    [["type=provenance,version=v0.2"], undefined, /SLSA v1/],
    [["type=sbom,generator=image"], undefined, /reads the packages of an image itself/],
    [["type=provenance"], "true", /provenance was asked for already/],
  ];
  for (const [attest, provenance, message] of table)
    assert.throws(() => parseAttestations(attest, provenance, undefined), message);
});
