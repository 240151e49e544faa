import type { Diagnostic } from "../../builder/core/diagnostic.ts";
import { sha256, type DiffId } from "../../builder/core/digest.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { parsePlatform, type Platform } from "../../builder/core/platform.ts";
import { parseDockerfile } from "../../builder/dockerfile/parse.ts";
import { planBuild } from "../../builder/graph/plan.ts";
import type { BuildGraph, CopyOp, ExecOp, Op, Vertex } from "../../builder/graph/types.ts";
import { formatReference, parseReference, withDefaultTag } from "../../builder/image/reference.ts";
import type { HistoryEntry, RunConfig } from "../../builder/image/types.ts";
import type { BaseImage, BaseImages, PlanOptions } from "../../builder/stages/types.ts";

/** An image of the fake registry. */
export interface FakeImage {
  readonly config?: RunConfig;
  readonly history?: readonly HistoryEntry[];
  readonly author?: string;
  readonly layers?: number;
  /** Another one is another image under the same name. */
  readonly version?: string;
  readonly platform?: string;
}

export const AMD64: Platform = { os: "linux", architecture: "amd64" };

/** Remembers what it was asked for: `name platform`. */
export class FakeImages implements BaseImages {
  readonly asked: string[] = [];
  readonly #images: ReadonlyMap<string, FakeImage>;

  constructor(images: Readonly<Record<string, FakeImage>>) {
    this.#images = new Map(Object.entries(images));
  }

  resolve(reference: string, platform: Platform): Promise<BaseImage> {
    this.asked.push(`${reference} ${platform.architecture}`);
    const image = this.#images.get(reference);
    if (image === undefined) {
      const message = `Cannot find image "${reference}": the registry does not have it`;
      return Promise.reject(new TsbuildError("IMAGE_NOT_FOUND", message, { hint: "check its name" }));
    }
    const diffIds = Array.from(
      { length: image.layers ?? 1 },
      (_, at) => sha256(`${reference} ${at}${image.version ?? ""}`) as DiffId,
    );
    return Promise.resolve({
      reference: fullName(reference),
      manifest: sha256(`manifest of ${reference}${image.version ?? ""}`),
      config: {
        raw: Buffer.alloc(0),
        digest: sha256(`config of ${reference}`),
        platform: image.platform === undefined ? platform : parsePlatform(image.platform),
        created: "2026-01-01T00:00:00Z",
        ...(image.author === undefined ? {} : { author: image.author }),
        config: image.config ?? {},
        diffIds,
        history: image.history ?? [{ created: "2026-01-01T00:00:00Z", created_by: "ADD rootfs.tar /" }],
      },
    });
  }
}

/** A name without `/` need not be one that a registry would take. */
function fullName(reference: string): string {
  if (reference.includes("/")) return formatReference(withDefaultTag(parseReference(reference)));
  return `docker.io/library/${reference.includes(":") ? reference : `${reference}:latest`}`;
}

export interface Planned extends BuildGraph {
  readonly warnings: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  readonly asked: readonly string[];
}

/** The graph of a Dockerfile given as text, on a registry that has `debian`, `alpine` and what `images` adds. */
export async function plan(
  text: string,
  options: Partial<PlanOptions> = {},
  images: Readonly<Record<string, FakeImage>> = {},
): Promise<Planned> {
  const registry = new FakeImages({ debian: {}, alpine: {}, ...images });
  const warnings: string[] = [];
  const diagnostics: Diagnostic[] = [];
  const graph = await planBuild(
    parseDockerfile({ name: "Dockerfile", text }),
    {
      buildArgs: {},
      labels: {},
      buildPlatform: AMD64,
      targetPlatform: AMD64,
      explicitPlatform: false,
      contexts: [],
      ...options,
    },
    registry,
    (message, diagnostic) => {
      warnings.push(message);
      if (diagnostic !== undefined) diagnostics.push(diagnostic);
    },
  );
  return { ...graph, warnings, diagnostics, asked: registry.asked };
}

/** What `plan` says no with. */
export async function refusal(...args: Parameters<typeof plan>): Promise<TsbuildError> {
  try {
    await plan(...args);
  } catch (error) {
    if (error instanceof TsbuildError) return error;
    throw error;
  }
  throw new Error("it was planned");
}

/** `2: Cannot …` for every diagnostic of a refusal, with one-based lines. */
export function problemsOf(error: TsbuildError): readonly string[] {
  return error.diagnostics.map(({ range, message }) => `${range.start.line + 1}: ${message}`);
}

export function opsOf<T extends Op["type"]>(
  { vertices }: BuildGraph,
  type: T,
): readonly Extract<Op, { type: T }>[] {
  return vertices.map(({ op }) => op).filter((op): op is Extract<Op, { type: T }> => op.type === type);
}

/** The only RUN. */
export function execOf(graph: BuildGraph): ExecOp {
  return only(opsOf(graph, "exec"));
}

/** The only COPY or ADD. */
export function copyOf(graph: BuildGraph): CopyOp {
  return only(opsOf(graph, "copy"));
}

export function namesOf({ vertices }: { readonly vertices: readonly Vertex[] }): readonly string[] {
  return vertices.map(({ name }) => name);
}

/** created_by of the lines that the Dockerfile added. */
export function historyOf({ target }: BuildGraph): readonly string[] {
  return target.history.filter(({ inherited }) => !inherited).map(({ entry }) => entry.created_by ?? "");
}

function only<T>(values: readonly T[]): T {
  const [value] = values;
  if (value === undefined || values.length > 1) throw new Error(`there are ${values.length}, not one`);
  return value;
}
