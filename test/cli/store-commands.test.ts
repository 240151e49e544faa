import assert from "node:assert/strict";
import { test } from "node:test";
import { age } from "../../builder/cli/age.ts";
import { listing } from "../../builder/cli/commands/images/images.ts";
import { PLAIN_STYLE } from "../../builder/progress/style.ts";
import { report } from "../../builder/cli/commands/doctor.ts";
import type { ImageSummary } from "../../builder/api/image-types.ts";
import type { Finding, ImageDetails } from "../../builder/api/types.ts";
import { assertGolden } from "../progress/golden.ts";
import { cli, DIGEST, IMAGE_ID, LAYER } from "./rig.ts";

const NOW = Date.parse("2026-01-31T12:00:00Z");
const summary = (name: string, created?: string): ImageSummary => ({
  name,
  id: IMAGE_ID,
  digest: DIGEST,
  size: 77_812_345,
  shared: 50_000_000,
  ...(created === undefined ? {} : { created }),
});
const IMAGES = [
  summary("docker.io/library/app:latest", "2026-01-31T11:58:00Z"),
  summary("docker.io/me/app:1.2", "2026-01-20T00:00:00Z"),
  summary("localhost:5000/app:dev"),
  summary(`ghcr.io/me/app@${DIGEST}`, "2020-01-01T00:00:00Z"),
];
const PLAIN = { quiet: false, "no-trunc": false, digests: false, json: false };

test("listing() looks like docker's", () => {
  const tables = [PLAIN, { ...PLAIN, digests: true, "no-trunc": true }].map((flags) =>
    listing(IMAGES, flags, NOW),
  );
  assertGolden("cli/golden/images.txt", tables.join("\n"));
  assert.equal(listing([], PLAIN, NOW), "REPOSITORY   TAG       IMAGE ID   CREATED   SIZE      SHARED\n");
  assert.equal(listing(IMAGES, { ...PLAIN, quiet: true }, NOW), `${IMAGE_ID.slice(7, 19)}\n`, "each id once");
  assert.deepEqual(JSON.parse(listing(IMAGES, { ...PLAIN, json: true }, NOW)), IMAGES);
});

test("images lists the newest first, and what was asked for alone", async () => {
  const names = async (...argv: string[]): Promise<string[]> => {
    const { stdout } = await cli(["images", "--json", ...argv], { images: async () => IMAGES.toReversed() });
    return (JSON.parse(stdout) as ImageSummary[]).map((image) => image.name);
  };
  assert.deepEqual(
    await names(),
    [IMAGES[0], IMAGES[1], IMAGES[3], IMAGES[2]].map((image) => image?.name),
  );
  assert.deepEqual(await names("app"), ["docker.io/library/app:latest"]);
  assert.deepEqual(await names("me/app:1.2"), ["docker.io/me/app:1.2"]);
  assert.deepEqual(await names("localhost:5000/app"), ["localhost:5000/app:dev"]);
  assert.deepEqual(await names("app:other"), []);
  assert.equal((await names(IMAGE_ID.slice(7, 15))).length, 4);
});

async function filtered(...filters: readonly string[]): Promise<string[]> {
  const flags = filters.flatMap((filter) => ["--filter", filter]);
  const { stdout, stderr } = await cli(["images", "--json", ...flags], { images: async () => IMAGES });
  assert.equal(stderr, "");
  return (JSON.parse(stdout) as ImageSummary[]).map(({ name }) => name.replace(/^[^/]+\//, ""));
}

test("images filters as docker does, and prints its lines of JSON", async () => {
  const table: readonly (readonly [filters: readonly string[], names: readonly string[]])[] = [
    [["reference=app"], ["library/app:latest"]],
    [["reference=*/app:1.*"], ["me/app:1.2"]],
    [
      ["reference=ap?", "reference=localhost:5000/*"],
      ["library/app:latest", "app:dev"],
    ],
    [["dangling=true"], [`me/app@${DIGEST}`]],
    [["dangling=false", "reference=me/*"], ["me/app:1.2"]],
    [["before=app"], ["me/app:1.2", `me/app@${DIGEST}`]],
    [["since=me/app:1.2"], ["library/app:latest"]],
  ];
  for (const [filters, expected] of table)
    assert.deepEqual(await filtered(...filters), expected, filters.join());
  const wrong = await cli(["images", "--filter", "referense=x"], { images: async () => IMAGES });
  assert.match(wrong.stderr, /none of reference=.*\nhint: did you mean "reference"/);
  const { stdout } = await cli(["images", "--format", "json", "me/app:1.2"], { images: async () => IMAGES });
  const line = JSON.parse(stdout) as Record<string, string>;
  assert.deepEqual(
    [line["Repository"], line["Tag"], line["Size"], line["SharedSize"], line["UniqueSize"]],
    ["me/app", "1.2", "77.8MB", "50MB", "27.8MB"],
  );
});

test("age() counts as docker does", () => {
  const table: readonly (readonly [seconds: number, text: string])[] = [
    [0, "Less than a second ago"],
    [1, "1 second ago"],
    [59, "59 seconds ago"],
    [60, "About a minute ago"],
    [150, "2 minutes ago"],
    [3600, "About an hour ago"],
    [47 * 3600, "47 hours ago"],
    [48 * 3600, "2 days ago"],
    [14 * 86_400, "2 weeks ago"],
    [60 * 86_400, "2 months ago"],
    [730 * 86_400, "2 years ago"],
    [-100, "Less than a second ago"],
  ];
  for (const [seconds, text] of table) {
    assert.equal(age(new Date(NOW - seconds * 1000).toISOString(), NOW), text);
  }
  assert.equal(age(undefined, NOW), "N/A");
  assert.equal(age("yesterday", NOW), "N/A");
});

test("inspect has docker's shape", async () => {
  const details: ImageDetails = {
    names: ["docker.io/library/app:latest", "localhost:5000/app:dev"],
    digest: DIGEST,
    manifest: {
      raw: Buffer.from("{}"),
      digest: DIGEST,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: IMAGE_ID, size: 2 },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: LAYER, size: 1234 }],
      annotations: {},
    },
    config: {
      raw: Buffer.from("{}"),
      digest: IMAGE_ID,
      platform: { os: "linux", architecture: "arm", variant: "v7" },
      created: "2026-01-31T11:58:00Z",
      config: { Env: ["PATH=/bin"], Cmd: ["sh"] },
      diffIds: [LAYER],
      history: [],
    },
  };
  const { stdout } = await cli(["inspect", "app"], { inspect: async () => details });
  assertGolden("cli/golden/inspect.txt", stdout);
});

test("rmi and tag do what they say", async () => {
  const asked: unknown[] = [];
  const removed = await cli(["rmi", "a", "b"], {
    remove: async (references) => {
      asked.push(references);
      return ["docker.io/library/a:latest", "docker.io/library/b:latest"];
    },
  });
  assert.equal(
    removed.stdout,
    "Untagged: docker.io/library/a:latest\nUntagged: docker.io/library/b:latest\n",
  );
  const tagged = await cli(["tag", "a", "c"], { tag: async (...names) => void asked.push(names) });
  assert.deepEqual([tagged.status, tagged.stdout, tagged.stderr], [0, "", ""]);
  assert.deepEqual(asked, [
    ["a", "b"],
    ["a", "c"],
  ]);
});

test("push and pull print what they moved, and their progress elsewhere", async () => {
  for (const verb of ["push", "pull"] as const) {
    const done = { name: "docker.io/library/app:latest", digest: DIGEST };
    const parts = {
      [verb]: async (_reference: string, { emit }: { emit: (event: never) => void }) => {
        emit({ type: "notice", message: "from a mirror" } as never);
        return done;
      },
    };
    const loud = await cli([verb, "app"], parts);
    assert.deepEqual([loud.stdout, loud.stderr], [`${done.name}\n${DIGEST}\n`, "NOTE: from a mirror\n"]);
    const quiet = await cli([verb, "-q", "app"], parts);
    assert.deepEqual([quiet.stdout, quiet.stderr], [`${done.name}\n`, ""]);
  }
});

const FINDINGS: readonly Finding[] = [
  { level: "ok", subject: "isolation", message: "root with namespaces and overlay" },
  { level: "note", subject: "zstd", message: "images are read but not written", fix: "use Node 22.15" },
];

test("doctor reports what it found and ends with 1 where something is broken", async () => {
  const problem: Finding = {
    level: "problem",
    subject: "helper",
    message: "it is not compiled",
    fix: "make -C native",
  };
  assertGolden("cli/golden/doctor.txt", report([...FINDINGS, problem], PLAIN_STYLE, Infinity));
  assertGolden("cli/golden/doctor-narrow.txt", report([...FINDINGS, problem], PLAIN_STYLE, 50));
  assert.equal((await cli(["doctor"], { doctor: async () => FINDINGS })).status, 0);
  const json = await cli(["doctor", "--json"], { doctor: async () => [problem] });
  assert.equal(json.status, 1);
  assert.deepEqual(JSON.parse(json.stdout), [problem]);
});
