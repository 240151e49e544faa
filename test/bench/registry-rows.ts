import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { LAYER_SIZE, makeLayerFiles } from "./image-files.ts";
import { contextWith, measureRow, type Bench, type Row } from "./row.ts";

const WORK = `${LAYER_SIZE / 1e6} MB`;

/** Push of a layer that nobody has seen, against compressing it and sending that to this machine. */
export async function pushFresh(bench: Bench): Promise<Row | string> {
  const registry = await bench.registry();
  if (registry === undefined) return "docker-registry is not installed";
  if (!(await has(bench, "pigz"))) return "pigz is not installed";
  const context = contextWith(bench, "push", "FROM scratch\nCOPY data /data\n");
  const archive = join(bench.directory, "push.tar");
  const data = join(context, "data");
  const fresh = async (build: () => Promise<unknown>): Promise<void> => {
    makeLayerFiles(data);
    await build();
    await bench.command(["sync"]);
  };
  const name = `${registry}/bench/push:latest`;
  const row = await measureRow(bench, {
    name: `push of a fresh layer, ${WORK}`,
    floor: "pigz -1 into a socket of this machine",
    floorWork: {
      prepare: () => fresh(() => bench.command(["tar", "-C", context, "-cf", archive, "data"])),
      run: () => pigzIntoSocket(archive),
    },
    ours: {
      prepare: () => fresh(() => bench.tsbuild(["build", "-q", "-t", name, context])),
      run: async () => void (await bench.tsbuild(["push", "-q", name])),
    },
    peer: (peer) => ({
      prepare: () => fresh(() => peer.build({ context, image: "push" })),
      run: () => peer.push("push", name),
    }),
    budget: 1.1,
  });
  return { ...row, note: await sizeNote(bench, context, registry) };
}

/** How large our layer is on the wire, held against `gzip -6`. */
async function sizeNote(bench: Bench, context: string, registry: string): Promise<string> {
  const name = `${registry}/bench/size:latest`;
  await bench.tsbuild(["build", "-q", "-t", name, context]);
  await bench.tsbuild(["push", "-q", name]);
  const manifest = (await (
    await fetch(`http://${registry}/v2/bench/size/manifests/latest`, {
      headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
    })
  ).json()) as { layers: { size: number }[] };
  const size = manifest.layers[0]?.size ?? 0;
  const archive = join(bench.directory, "size.tar");
  await bench.command(["tar", "-C", context, "-cf", archive, "data"]);
  await bench.command(["sh", "-c", `gzip -6 < "$0" > "$0.gz"`, archive]);
  const reference = statSync(`${archive}.gz`).size;
  rmSync(archive);
  rmSync(`${archive}.gz`);
  return `the layer is ${(size / 1e6).toFixed(1)} MB, ${(((size - reference) / reference) * 100).toFixed(1)} % off gzip -6`;
}

async function pigzIntoSocket(path: string): Promise<void> {
  const server = createServer((socket) => void socket.resume());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const pigz = spawn("pigz", ["-1", "-c", path], { stdio: ["ignore", "pipe", "inherit"] });
  await pipeline(pigz.stdout, socket);
  server.close();
}

/** The base image's files as others: its own layer is here already where another builder loaded it. */
const PULLED = "FROM scratch\nCOPY --from=base --chown=7:7 / /\nCOPY data /data\n";

/** Pull and unpack into a store that has nothing, against gunzip, sha256 and tar. */
export async function pullAndUnpack(bench: Bench): Promise<Row | string> {
  const registry = await bench.registry();
  if (registry === undefined) return "docker-registry is not installed";
  const name = `${registry}/bench/pull:latest`;
  const image = contextWith(bench, "pull-image", PULLED);
  makeLayerFiles(join(image, "data"));
  const base = ["--build-context", `base=oci-layout://${bench.baseLayout}`];
  await bench.tsbuild(["build", "-q", "-t", name, "--push", ...base, image]);
  const layers = await fetchLayers(bench, registry);
  const unpacked = join(bench.directory, "unpacked");
  const user = contextWith(bench, "pull-user", `FROM ${name}\nRUN :\n`);
  const store = join(bench.directory, "pull-store");
  const row = await measureRow(bench, {
    name: `pull and unpack, ${WORK} and the base image`,
    floor: "gunzip + sha256 + tar -x",
    floorWork: {
      prepare() {
        rmSync(unpacked, { recursive: true, force: true });
        mkdirSync(unpacked);
      },
      async run() {
        for (const layer of layers)
          await bench.command([
            "bash",
            "-c",
            'set -o pipefail; gunzip -c "$0" | tee >(sha256sum >/dev/null) | tar -xf - -C "$1"',
            layer,
            unpacked,
          ]);
      },
    },
    // A step reads the image: before that, nothing is pulled but documents.
    ours: {
      prepare: () => bench.clear(store),
      run: async () => void (await bench.tsbuild(["build", "-q", user], { TSBUILD_ROOT: store })),
    },
    peer: (peer) => ({
      prepare: () => peer.remove(name).catch(() => undefined),
      run: () => peer.pull(name),
    }),
    budget: 1.2,
  });
  rmSync(unpacked, { recursive: true, force: true });
  await bench.clear(store);
  return { ...row, note: "tsbuild also runs a step on it; a pull alone unpacks nothing" };
}

/** The image's layers as they travel, as files. */
async function fetchLayers(bench: Bench, registry: string): Promise<string[]> {
  const directory = join(bench.directory, "wire");
  mkdirSync(directory);
  const base = `http://${registry}/v2/bench/pull`;
  const manifest = (await (
    await fetch(`${base}/manifests/latest`, {
      headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
    })
  ).json()) as { layers: { digest: string }[] };
  const files: string[] = [];
  for (const { digest } of manifest.layers) {
    const path = join(directory, digest.replace(":", "-"));
    const body = await (await fetch(`${base}/blobs/${digest}`)).arrayBuffer();
    writeFileSync(path, Buffer.from(body));
    if (readFileSync(path).subarray(0, 2).toString("hex") !== "1f8b")
      throw new Error(`${digest} is not gzip`);
    files.push(path);
  }
  return files;
}

async function has(bench: Bench, program: string): Promise<boolean> {
  return bench.command(["sh", "-c", `command -v ${program}`]).then(
    () => true,
    () => false,
  );
}
