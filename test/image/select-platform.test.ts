import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { parsePlatform } from "../../builder/core/platform.ts";
import { parseIndexDocument } from "../../builder/image/manifest.ts";
import { selectPlatform } from "../../builder/image/select-platform.ts";
import { MEDIA_TYPES } from "../../builder/image/types.ts";

// wanted, offered, which one (by its place), or undefined for none
const CHOICES: readonly (readonly [string, readonly string[], number | undefined])[] = [
  ["linux/amd64", ["linux/arm64", "linux/amd64"], 1],
  ["linux/amd64", ["linux/amd64", "linux/amd64"], 0],
  ["linux/arm64", ["linux/arm64/v8"], 0],
  ["linux/arm64/v8", ["linux/amd64", "linux/arm64"], 1],
  ["linux/arm/v7", ["linux/arm/v5", "linux/arm/v6", "linux/arm/v7"], 2],
  ["linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], 1],
  ["linux/arm/v6", ["linux/arm/v7", "linux/arm/v5"], 1],
  ["linux/arm/v6", ["linux/arm/v7"], undefined],
  ["linux/amd64/v3", ["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], 1],
  ["linux/amd64", ["linux/amd64/v3"], undefined],
  ["linux/amd64", ["windows/amd64"], undefined],
  ["linux/amd64", ["unknown/unknown", "linux/amd64"], 1],
  ["linux/amd64", ["unknown/unknown"], undefined],
  ["linux/s390x", ["linux/amd64", "linux/arm64"], undefined],
  ["linux/amd64", [""], 0],
];

for (const [wanted, offered, place] of CHOICES) {
  test(`selectPlatform() for ${wanted} takes ${place ?? "none"} of ${offered.join(" ")}`, () => {
    const index = indexOf(offered);
    const choose = (): number => index.manifests.indexOf(selectPlatform(index, parsePlatform(wanted)));
    if (place !== undefined) return assert.equal(choose(), place);
    assert.throws(choose, (error) => error instanceof TsbuildError && error.code === "PLATFORM_NOT_FOUND");
  });
}

test("selectPlatform() lists what there is, without attestations", () => {
  const index = indexOf(["linux/arm64", "unknown/unknown", "linux/amd64"]);
  assert.throws(
    () => selectPlatform(index, parsePlatform("linux/s390x")),
    (error) => error instanceof TsbuildError && error.hint === "it has linux/amd64, linux/arm64",
  );
});

function indexOf(platforms: readonly string[]): ReturnType<typeof parseIndexDocument> {
  const manifests = platforms.map((text, place) => {
    const [os, architecture, variant] = text.split("/");
    const platform = text === "" ? undefined : { os, architecture, variant };
    return { mediaType: MEDIA_TYPES.ociManifest, digest: sha256(String(place)), size: 1, platform };
  });
  return parseIndexDocument(Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })));
}
