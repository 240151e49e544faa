import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAnnotation } from "../../builder/cli/commands/build/build-annotations.ts";
import { parseOutput } from "../../builder/cli/commands/build/build-outputs.ts";
import { TsbuildError } from "../../builder/core/errors.ts";

const FORM = { format: "oci", force: false, annotations: [] };
const IMAGE = {
  type: "image",
  names: [],
  store: true,
  push: false,
  byDigest: false,
  canonical: false,
  unpack: false,
  form: FORM,
};
const ARCHIVE = { directory: false, names: [], form: FORM };
const ARM = { os: "linux", architecture: "arm64" };

test("parseOutput() reads what buildx's --output takes", () => {
  const table: readonly (readonly [text: string, spec: object])[] = [
    ["out", { type: "local", dest: "out", clear: false }],
    ["-", { type: "tar", dest: "-" }],
    [
      "type=local,dest=d,mode=delete,platform-split=0",
      { type: "local", dest: "d", clear: true, split: false },
    ],
    ['type=tar,"dest=a,b"', { type: "tar", dest: "a,b" }],
    ["type=cacheonly", { type: "cacheonly" }],
    ["type=docker", { type: "docker", dest: "-", ...ARCHIVE }],
    [
      'type=oci,dest=d,tar=false,"name=a,b:1"',
      { type: "oci", dest: "d", ...ARCHIVE, directory: true, names: ["a", "b:1"] },
    ],
    [
      "type=oci,dest=a.tar,compression=zstd,compression-level=19,force-compression=true",
      {
        type: "oci",
        dest: "a.tar",
        ...ARCHIVE,
        form: { ...FORM, compression: "zstd", level: 19, force: true },
      },
    ],
    ["type=registry", { ...IMAGE, push: true }],
    ["type=registry,push=false,store=false", { ...IMAGE, store: false }],
    [
      "type=image,name=x,push,oci-mediatypes=false",
      { ...IMAGE, names: ["x"], push: true, form: { ...FORM, format: "docker" } },
    ],
    [
      "type=image,name=x,push-by-digest=true,name-canonical=true,push=true,unpack=true,dangling-name-prefix=p",
      {
        ...IMAGE,
        names: ["x"],
        push: true,
        byDigest: true,
        canonical: true,
        unpack: true,
        danglingPrefix: "p",
      },
    ],
    [
      "type=oci,dest=d,rewrite-timestamp=true,oci-artifact=true,attestation-inline=false,buildinfo=false",
      { type: "oci", dest: "d", ...ARCHIVE, form: { ...FORM, wantsEpoch: true } },
    ],
    ["type=docker,rewrite-timestamp=false", { type: "docker", dest: "-", ...ARCHIVE }],
    [
      "type=image,annotation.a.b=c,annotation-index.d=e,annotation-manifest-descriptor[linux/arm64].f=",
      {
        ...IMAGE,
        form: {
          ...FORM,
          annotations: [
            { level: "manifest", key: "a.b", value: "c" },
            { level: "index", key: "d", value: "e" },
            { level: "manifest-descriptor", platform: ARM, key: "f", value: "" },
          ],
        },
      },
    ],
  ];
  for (const [text, spec] of table) assert.deepEqual(parseOutput(text), spec, text);
});

test("parseOutput() explains what is wrong", () => {
  const table: readonly (readonly [text: string, message: RegExp])[] = [
    ["", /it is empty/],
    ["type=ocj,dest=x", /none of image.*did you mean "oci"/],
    ["dest=x", /type is missing/],
    ["type=local", /a directory is missing/],
    ["type=oci,tar=false", /a directory is missing/],
    ["type=oci,dst=x", /"dst" is not known.*did you mean "dest"/],
    ["type=oci,dest=a,dest=b", /it has "dest" twice/],
    ['type=oci,"dest=a', /a quote has no end/],
    ["type=oci,compression=zst", /none of gzip.*did you mean "zstd"/],
    ["type=oci,compression=estargz", /Cannot compress with estargz/],
    ["type=oci,compression-level=10", /no level of gzip.*0 to 9/],
    ["type=oci,compression=zstd,compression-level=0", /no level of zstd.*1 to 22/],
    ["type=oci,compression=uncompressed,compression-level=1", /has no level/],
    ["type=image,compression=zstd,oci-mediatypes=false", /none for zstd/],
    ["type=image,push=yes", /push=yes is neither true nor false/],
    ["type=image,registry.insecure=true", /does not support "registry.insecure".*configuration/],
    ["type=image,buildinfo=true", /does not support "buildinfo=true".*--attest type=provenance/],
    ["type=image,attestation-inline", /does not support "attestation-inline=true".*artifact of its own/],
    ["type=oci,oci-artifact=false", /does not support "oci-artifact=false"/],
    ["type=image,prefer-nondist-layers=true", /does not support "prefer-nondist-layers".*plain media type/],
    ["type=image,source-date-epoch=1", /does not support "source-date-epoch".*SOURCE_DATE_EPOCH/],
    ["type=local,dest=d,attestation-prefix=x", /does not support "attestation-prefix"/],
    ["type=image,annotation-layer.a=b", /it is no annotation/],
    ["type=local,dest=d,compression=gzip", /"compression" is not known/],
  ];
  for (const [text, message] of table) assert.throws(() => parseOutput(text), matching(message), text);
});

test("parseAnnotation() reads levels and platforms as buildx does", () => {
  assert.deepEqual(parseAnnotation("a=b=c"), [{ level: "manifest", key: "a", value: "b=c" }]);
  assert.deepEqual(parseAnnotation("index,manifest[linux/arm64/v8]:k=v"), [
    { level: "index", key: "k", value: "v" },
    { level: "manifest", platform: ARM, key: "k", value: "v" },
  ]);
  const wrong: readonly (readonly [text: string, message: RegExp])[] = [
    ["a", /it is not KEY=VALUE/],
    ["manifest:=v", /the key is missing/],
    ["indx:k=v", /"indx" is no level.*did you mean "index"/],
    ["manifest[linux:k=v", /is no level/],
  ];
  for (const [text, message] of wrong) assert.throws(() => parseAnnotation(text), matching(message), text);
});

function matching(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof TsbuildError && message.test(`${error.message} ${error.hint}`);
}
