import { existsSync } from "node:fs";
import type { Diagnostic } from "../core/diagnostic.ts";
import { TsbuildError } from "../core/errors.ts";
import { localImage } from "../inputs/base-images.ts";
import type { Dockerfile } from "../dockerfile/types.ts";
import { formatReference, parseReference, withDefaultTag } from "../image/reference.ts";
import { openContexts, type Contexts } from "../inputs/open-contexts.ts";
import { rememberedPlan, type Planning } from "./plan-cache.ts";
import { askedImages, cacheOf, parsedAs, planOptions } from "./plan-dockerfile.ts";
import { DIAGNOSTICS } from "./plan-file.ts";
import { readDockerfile } from "./dockerfile-source.ts";
import type { Session } from "../session/session.ts";
import type { BaseImages } from "../stages/types.ts";
import type { CheckReport } from "../api/answer-types.ts";
import type { BuildOptions } from "../api/types.ts";

/**
 * Says all that is wrong with a Dockerfile and builds nothing. Without a target every stage is looked at, as BuildKit's
 * linter does.
 */
export async function checkDockerfile(session: Session, options: BuildOptions): Promise<CheckReport> {
  const contexts = await openContexts(session, options);
  const source = await readDockerfile(options, contexts);
  const warnings: Diagnostic[] = [];
  const given: Planning = {
    source,
    options: planOptions(options, contexts),
    images: knownImages(session, options, contexts),
    warn: (_message, diagnostic) => void (diagnostic && warnings.push(diagnostic)),
  };
  const all = options.target === undefined;
  const cache = cacheOf(DIAGNOSTICS, session, options, "check");
  const errors = await rememberedPlan(
    // A check alone makes no store.
    existsSync(session.store.root) ? cache : { ...cache, code: undefined },
    given,
    async (planning) => {
      const { planStages } = await import("../stages/plan.ts");
      const dockerfile = withoutFailing(await parsedAs(source, options));
      try {
        await planStages(dockerfile, planning.options, planning.images, planning.warn, {
          all,
          withSteps: false,
        });
        return [];
      } catch (error) {
        if (!(error instanceof TsbuildError) || error.diagnostics.length === 0) throw error;
        return error.diagnostics;
      }
    },
  );
  return { source, warnings: warnings.sort(byLine), errors: errors.toSorted(byLine) };
}

function byLine(a: Diagnostic, b: Diagnostic): number {
  return a.range.start.line - b.range.start.line;
}

/** Base images that the store has; --pull asks the registry for the others too. */
export function knownImages(session: Session, options: BuildOptions, contexts: Contexts): BaseImages {
  const asked = askedImages(session, options, contexts);
  if (options.pull !== "missing" && options.pull !== "never") return asked;
  return {
    async resolve(text, platform) {
      if (contexts.layouts.has(text)) return asked.resolve(text, platform);
      const reference = withDefaultTag(parseReference(text));
      const image = localImage(session.store, reference, platform);
      if (image === undefined) return undefined;
      return { reference: formatReference(reference), manifest: image.manifest.digest, config: image.config };
    },
  };
}

/** `# check=error=true` has nothing to fail here: its warnings are what was asked for. */
function withoutFailing(dockerfile: Dockerfile): Dockerfile {
  const { check, ...rest } = dockerfile.directives;
  if (check === undefined) return dockerfile;
  const options = check.split(";").filter((option) => !/^\s*error\s*=/.test(option));
  return { ...dockerfile, directives: { ...rest, check: options.join(";") } };
}
