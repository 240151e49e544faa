import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why no certificates can be made here, or undefined. */
export function withoutOpenssl(): string | undefined {
  return spawnSync("openssl", ["version"]).error ? "openssl is not installed" : undefined;
}

/** Paths of PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority of our own, in a folder that goes with it. */
export class Authority implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "tsbuild-ca-"));
  readonly own: Certificate;

  constructor(name = "test authority") {
    this.own = { cert: join(this.folder, "ca.pem"), key: join(this.folder, "ca.key") };
    const { cert, key } = this.own;
    openssl(["req", "-x509", ...KEY, "-subj", `/CN=${name}`, "-keyout", key, "-out", cert]);
  }

  /** A certificate for a host (`IP:127.0.0.1`, `DNS:far.example`), or for a client. */
  issue(name: string, alternative?: string): Certificate {
    const [cert, key, request, more] = ["pem", "key", "csr", "ext"].map((kind) =>
      join(this.folder, `${name}.${kind}`),
    ) as [string, string, string, string];
    openssl(["req", ...KEY, "-subj", `/CN=${name}`, "-keyout", key, "-out", request]);
    writeFileSync(more, alternative === undefined ? "" : `subjectAltName=${alternative}`);
    const signer = ["-CA", this.own.cert, "-CAkey", this.own.key, "-CAcreateserial"];
    openssl(["x509", "-req", "-in", request, ...signer, "-days", "2", "-extfile", more, "-out", cert]);
    return { cert, key };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** The contents of a certificate's files, as servers take them. */
export function contentsOf({ cert, key }: Certificate): Certificate {
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];

function openssl(args: readonly string[]): void {
  const { status, stderr } = spawnSync("openssl", args);
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${String(stderr)}`);
}
