import { readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { formatPlatform, type Platform } from "../core/platform.ts";
import type { Bytes } from "../core/bytes.ts";
import type { Diagnostic, SourceText } from "../core/diagnostic.ts";
import { canonicalJson, type Json } from "../core/json.ts";
import { mapAtMost } from "../core/map-at-most.ts";
import { placeName } from "../core/place-name.ts";
import { redact } from "../core/redact.ts";
import { packPlan, unpackPlan, type Format, type Plan } from "./plan-file.ts";
import type { EmitWarning } from "../stages/problems.ts";
import type { BaseImage, BaseImages, Dated, HiddenBy, PlanOptions } from "../stages/types.ts";
import type { Store } from "../store/types.ts";

/** So long a text is planned as fast as its plan, which repeats every line several times, is written and read. */
const LONG = 1024 * 1024;

const IMAGES_AT_ONCE = 8;

/** All that planning is given, and all that it asks. */
export interface Planning {
  readonly source: SourceText;
  readonly options: PlanOptions;
  readonly images: BaseImages;
  readonly warn: EmitWarning;
}

export interface PlanCacheOptions<T, Packed> {
  readonly format: Format<T, Packed>;
  readonly store: Store;
  /** The code that plans: another version may plan otherwise. Undefined: nothing is remembered. */
  readonly code: string | undefined;
  /** What the plan is for: a new one takes the place of the one before it, so that plans do not pile up. */
  readonly place: readonly string[];
}

/**
 * What `make` makes of a Dockerfile, or what it made of the very same before: then none of the code that
 * reads Dockerfiles is loaded, which takes as long as the rest of a cached build. What `make` asks on the way (which
 * image a name stands for, by the rules of --pull; what an ignore file hides) is asked again, and has to have the same
 * answers. Warnings are told again.
 */
export async function rememberedPlan<T, Packed>(
  { format, store, code, place }: PlanCacheOptions<T, Packed>,
  planning: Planning,
  make: (planning: Planning) => Promise<T>,
): Promise<T> {
  if (code === undefined || planning.source.text.length > LONG) return make(planning);
  const path = join(store.root, "plans", placeName(place.join("\0")));
  const key = keyOf(code, planning);
  const images = askingOnce(planning.images);
  const old = readPlan(path, key, planning.source, format);
  if (old !== undefined && (await isAsItWas(old, images, planning.options))) {
    for (const { message, diagnostic } of old.warnings) planning.warn(message, diagnostic);
    return old.result;
  }
  const noted = new Notes({ ...planning, images });
  const result = await make(noted.planning);
  if (!noted.fleeting) {
    writePlan(store, path, key, packPlan({ source: planning.source, result, ...noted.taken }, format));
  }
  return result;
}

/** Watches what a planning asks and says. */
class Notes {
  readonly planning: Planning;
  /**
   * Whether something was asked that another time may have another answer: an image that was not to be had, or the time of
   * what is fetched.
   */
  fleeting = false;
  readonly #taken = {
    images: [] as Plan<unknown>["images"][number][],
    ignored: [] as Plan<unknown>["ignored"][number][],
    warnings: [] as Plan<unknown>["warnings"][number][],
  };

  constructor(planning: Planning) {
    const { images, ignored, warnings } = this.#taken;
    const { options } = planning;
    const rules = new Map<Bytes, HiddenBy | undefined>();
    this.planning = {
      ...planning,
      options: {
        ...options,
        ...(options.ignored && {
          ignored: (path: Bytes): HiddenBy | undefined => {
            if (rules.has(path)) return rules.get(path);
            const rule = options.ignored?.(path);
            rules.set(path, rule);
            ignored.push({ path, answer: answerOf(rule) });
            return rule;
          },
        }),
        ...(options.timeOf && {
          timeOf: async (source: Dated): Promise<number | undefined> => {
            this.fleeting = true;
            return options.timeOf?.(source);
          },
        }),
      },
      images: {
        resolve: async (reference, platform) => {
          const image = await this.#trying(planning.images.resolve(reference, platform));
          images.push({ reference, platform, answer: nameOf(image) });
          return image;
        },
      },
      warn(message: string, diagnostic?: Diagnostic) {
        warnings.push({ message, ...(diagnostic && { diagnostic }) });
        planning.warn(message, diagnostic);
      },
    };
  }

  async #trying<R>(question: Promise<R>): Promise<R> {
    try {
      return await question;
    } catch (error) {
      this.fleeting = true;
      throw error;
    }
  }

  get taken(): Omit<Plan<unknown>, "result" | "source"> {
    return this.#taken;
  }
}

async function isAsItWas(old: Plan<unknown>, images: BaseImages, { ignored }: PlanOptions): Promise<boolean> {
  if (!old.ignored.every(({ path, answer }) => answerOf(ignored?.(path)) === answer)) return false;
  try {
    const answers = await mapAtMost(IMAGES_AT_ONCE, old.images, async ({ reference, platform }) =>
      nameOf(await images.resolve(reference, platform)),
    );
    return old.images.every(({ answer }, index) => answers[index] === answer);
  } catch {
    // Planning asks again, gets the same error, and says which line of the Dockerfile it is about.
    return false;
  }
}

/** A config has the digest that its manifest gives it: the manifest's tells all about an image. */
function nameOf(image: BaseImage | undefined): string {
  return image === undefined ? "" : `${image.reference}@${image.manifest}`;
}

function answerOf(rule: HiddenBy | undefined): string {
  return rule === undefined ? "" : JSON.stringify(rule);
}

/** Passes each question on once. */
function askingOnce(images: BaseImages): BaseImages {
  const asked = new Map<string, Promise<BaseImage | undefined>>();
  return {
    resolve(reference: string, platform: Platform) {
      const key = `${reference}\n${formatPlatform(platform)}`;
      const answer = asked.get(key) ?? images.resolve(reference, platform);
      asked.set(key, answer);
      return answer;
    },
  };
}

/**
 * Everything that is given but the Dockerfile, which stands in the plan; PlanOptions as a whole, so that what is added to
 * it counts. As it is, not as a digest: node:crypto takes as long to load as a check of 100 lines, and builds that need
 * it load it later.
 */
function keyOf(code: string, { options }: Planning): string {
  const { images, ignored, timeOf: _timeOf, ...rest } = options;
  const given = {
    code,
    ...rest,
    images: [...(images ?? [])],
    asks: ignored !== undefined,
  };
  return canonicalJson(given as unknown as Json);
}

/** A file that is torn, that is another's, or that is not there, says nothing. */
function readPlan<T, Packed>(
  path: string,
  key: string,
  source: SourceText,
  format: Format<T, Packed>,
): Plan<T> | undefined {
  try {
    const text = readFileSync(path, "utf8");
    if (!text.startsWith(`${key}\n`)) return undefined;
    const plan = unpackPlan(text.slice(key.length + 1), format);
    if (plan.source.text !== source.text || plan.source.name !== source.name) return undefined;
    markUsed(path);
    return plan;
  } catch {
    return undefined;
  }
}

/** What has not been used for long goes first. A store that cannot be written to is read for all that. */
function markUsed(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // Then nothing goes from it either.
  }
}

function writePlan(store: Store, path: string, key: string, json: string): void {
  const text = `${key}\n${json}`;
  // What must not be printed is not kept either: credentials in URLs.
  if (redact(text) === text) store.writeMemo(path, text);
}
