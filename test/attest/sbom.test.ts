import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import * as fc from "fast-check";
import { declaredLicense } from "../../builder/attest/licenses.ts";
import { berkeleyValues } from "../../builder/attest/packages/berkeley.ts";
import { ndbBlobs } from "../../builder/attest/packages/ndb.ts";
import { tableRows } from "../../builder/attest/packages/sqlite.ts";
import { sbom } from "../../builder/attest/sbom.ts";
import { memoryTree } from "../support/memory-tree.ts";
import { projectRoot } from "../support/project.ts";

/** Of rpm itself: three packages, one of which goes over several pages. */
const RPMDB = gunzipSync(readFileSync(join(projectRoot, "fixtures/sbom/rpmdb.sqlite.gz")));
/** The same packages, as rpm before 4.16 kept them. */
const BERKELEY = gunzipSync(readFileSync(join(projectRoot, "fixtures/sbom/Packages.gz")));

const DPKG = `Package: bash
Status: install ok installed
Architecture: amd64
Maintainer: Matthias Klose <doko@debian.org>
Version: 5.2.15-2+b7
Source: bash-src (5.2.15-2)
Description: shell
 Version: none of its own

Package: gone
Status: deinstall ok config-files
Version: 1

Package: libc6
Status: install ok installed
Architecture: amd64
Version: 1:2.36-9
`;
const APK = `C:Q1abc=
P:musl
V:1.2.5-r0
A:x86_64
L:MIT
m:Timo <t@alpinelinux.org>
o:musl

P:ssl_client
V:1.36.1-r29
L:GPL-2.0-only
o:busybox
`;

interface Spdx {
  readonly packages: readonly {
    readonly name: string;
    readonly versionInfo?: string;
    readonly supplier?: string;
    readonly licenseDeclared: string;
    readonly externalRefs: readonly { readonly referenceLocator: string }[];
  }[];
  readonly relationships: readonly unknown[];
}

function packagesOf(
  files: Readonly<Record<string, string | Buffer>>,
  notices: string[] = [],
): Spdx["packages"] {
  const given = Object.entries(files).map(([path, data]) => [path, { data }] as const);
  const { predicateType, predicate } = sbom(memoryTree(Object.fromEntries(given)), {
    name: "docker.io/library/app:1",
    version: "1",
    created: "2026-01-01T00:00:00Z",
    notice: (message) => notices.push(message),
  });
  assert.equal(predicateType, "https://spdx.dev/Document");
  const { packages, relationships } = predicate as Spdx;
  assert.equal(relationships.length, packages.length);
  return packages.slice(1);
}

function namesOf(files: Readonly<Record<string, Buffer>>): readonly string[] {
  return packagesOf(files).map(({ name }) => name);
}

function purlsOf(files: Readonly<Record<string, string | Buffer>>): readonly (string | undefined)[] {
  return packagesOf(files).map(({ externalRefs }) => externalRefs[0]?.referenceLocator);
}

test("sbom() finds the packages of dpkg, apk, rpm and npm", () => {
  const debian = { "var/lib/dpkg/status": DPKG, "etc/os-release": 'ID=debian\nVERSION_ID="12"\n' };
  assert.deepEqual(purlsOf(debian), [
    "pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=debian-12&upstream=bash-src",
    "pkg:deb/debian/libc6@1%3A2.36-9?arch=amd64&distro=debian-12",
  ]);
  const distroless = {
    "var/lib/dpkg/status.d/tzdata": "Package: tzdata\nVersion: 2024a\n",
    "var/lib/dpkg/status.d/tzdata.md5sums": "x",
  };
  assert.deepEqual(purlsOf(distroless), ["pkg:deb/debian/tzdata@2024a"]);
  assert.deepEqual(
    purlsOf({ "usr/lib/apk/db/installed": APK, "usr/lib/os-release": "ID=alpine\nVERSION_ID=3.22.1\n" }),
    [
      "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.22.1",
      "pkg:apk/alpine/ssl_client@1.36.1-r29?distro=alpine-3.22.1&upstream=busybox",
    ],
  );
  assert.deepEqual(purlsOf({ "usr/lib/sysimage/rpm/rpmdb.sqlite": RPMDB }), [
    "pkg:rpm/redhat/demo-1@1.1-1.el9?arch=noarch&upstream=demo-1-1.1-1.el9.src.rpm",
    "pkg:rpm/redhat/demo-2@1.2-2.el9?arch=noarch&epoch=4&upstream=demo-2-1.2-2.el9.src.rpm",
    "pkg:rpm/redhat/demo-3@1.3-3.el9?arch=noarch&upstream=demo-3-1.3-3.el9.src.rpm",
  ]);
  const npm = {
    "app/node_modules/a/package.json": '{"name":"a","version":"1.0.0","license":"MIT"}',
    "app/node_modules/a/node_modules/@s/b/package.json": '{"name":"@s/b","version":"2.0.0"}',
    "app/node_modules/a/lib/package.json": '{"name":"inner","version":"0"}',
    "app/node_modules/broken/package.json": "{",
    "app/package.json": '{"name":"app","version":"9"}',
  };
  assert.deepEqual(purlsOf(npm), ["pkg:npm/%40s/b@2.0.0", "pkg:npm/a@1.0.0"]);
});

test("sbom() says who supplies a package, and its licence where that is SPDX's", () => {
  const [musl, client] = packagesOf({ "lib/apk/db/installed": APK });
  assert.deepEqual([musl?.supplier, musl?.licenseDeclared], ["Person: Timo (t@alpinelinux.org)", "MIT"]);
  assert.deepEqual([client?.supplier, client?.licenseDeclared], ["NOASSERTION", "GPL-2.0-only"]);
  const table: readonly (readonly [string | undefined, string])[] = [
    [undefined, "NOASSERTION"],
    ["MIT AND (Apache-2.0 OR GPL-2.0+)", "NOASSERTION"],
    [
      "MIT AND (Apache-2.0 OR GPL-2.0-or-later WITH Classpath-exception-2.0)",
      "MIT AND (Apache-2.0 OR GPL-2.0-or-later WITH Classpath-exception-2.0)",
    ],
    ["GPLv2+ and MIT", "NOASSERTION"],
    ["MIT AND", "NOASSERTION"],
    ["(MIT", "NOASSERTION"],
    ["SEE LICENSE IN x", "NOASSERTION"],
  ];
  for (const [text, license] of table) assert.equal(declaredLicense(text), license, text);
});

/** As rpm's ndb has them: slots, and blobs behind them. */
function ndb(headers: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(4096);
  head.write("RpmP");
  head.writeUInt32LE(1, 12);
  for (let at = 32; at < 4096; at += 16) head.write("Slot", at);
  const blobs: Buffer[] = [];
  let end = 4096;
  for (const [index, header] of headers.entries()) {
    const blob = Buffer.alloc(16 + Math.ceil(header.length / 16) * 16);
    blob.write("BlbS");
    blob.writeUInt32LE(header.length, 12);
    header.copy(blob, 16);
    head.writeUInt32LE(index + 1, 36 + 32 * index);
    head.writeUInt32LE(end / 16, 40 + 32 * index);
    blobs.push(blob);
    end += blob.length;
  }
  return Buffer.concat([head, ...blobs]);
}

const HEADERS = [...tableRows(RPMDB, "Packages")].flatMap(([, header]) => header ?? []);

test("sbom() reads the databases of older rpms and of openSUSE as well", () => {
  const all = ["demo-1", "demo-2", "demo-3"];
  assert.deepEqual(namesOf({ "var/lib/rpm/Packages": BERKELEY }), all);
  assert.deepEqual(namesOf({ "usr/lib/sysimage/rpm/Packages.db": ndb(HEADERS) }), all);
});

test("sbom() tells of databases of rpm that it cannot read", () => {
  const broken: readonly (readonly [string, string | Buffer, RegExp])[] = [
    ["Packages", "x", /Packages cannot be read, it is no hash of Berkeley DB/],
    ["Packages", BERKELEY.subarray(0, 12_288), /it ends too early/],
    ["Packages.db", ndb(HEADERS).subarray(0, 5000), /it has a broken blob/],
    ["rpmdb.sqlite", RPMDB.subarray(0, 5000), /rpmdb.sqlite cannot be read, it ends too early/],
  ];
  for (const [name, data, message] of broken) {
    const notices: string[] = [];
    assert.deepEqual(packagesOf({ [`var/lib/rpm/${name}`]: data }, notices), []);
    assert.match(notices[0] ?? "", message);
  }
});

test("rpm's databases end whatever they hold", () => {
  const readers = [
    [RPMDB, (data: Buffer) => tableRows(data, "Packages")],
    [BERKELEY, berkeleyValues],
    [ndb(HEADERS), ndbBlobs],
  ] as const;
  for (const [database, read] of readers) {
    const changes = fc.array(fc.tuple(fc.nat(Math.min(database.length, 16_384) - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(changes, (bytes) => {
        const changed = Buffer.from(database);
        for (const [at, value] of bytes) changed[at] = value;
        try {
          for (const value of read(changed)) assert.ok(value.length >= 0);
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
        }
      }),
      { numRuns: 100 },
    );
  }
});
