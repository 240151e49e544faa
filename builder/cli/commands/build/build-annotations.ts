import { parsePlatform } from "../../../core/platform.ts";
import { didYouMean } from "../../../core/suggest.ts";
import type { Annotation, AnnotationLevel } from "../../../image/annotations.ts";
import { usageError } from "../../flags.ts";

const LEVELS: readonly AnnotationLevel[] = ["manifest", "index", "manifest-descriptor", "index-descriptor"];
/** A level and the platform that it is for (buildx util/buildflags/export.go). */
const PLACE = /^([a-z-]+)(?:\[([A-Za-z0-9_/-]+)\])?$/;

/** --annotation: `KEY=VALUE` for the manifest, or `LEVEL[,LEVEL]:KEY=VALUE` where a level is `manifest[linux/arm64]`. */
export function parseAnnotation(text: string): readonly Annotation[] {
  const equals = text.indexOf("=");
  const wrong = (state: string, hint?: string) =>
    usageError("build", `Cannot use --annotation ${text}: ${state}`, hint);
  if (equals < 0) throw wrong("it is not KEY=VALUE", "write KEY=VALUE or LEVEL:KEY=VALUE");
  const name = text.slice(0, equals);
  const value = text.slice(equals + 1);
  const colon = name.indexOf(":");
  const key = name.slice(colon + 1);
  if (key === "") throw wrong("the key is missing");
  const places = colon < 0 ? ["manifest"] : name.slice(0, colon).split(",");
  return places.map((place) => {
    const [, word = "", platform] = PLACE.exec(place) ?? [];
    return annotation(word, platform, key, value, () =>
      wrong(`"${place}" is no level`, didYouMean(word, LEVELS) ?? `a level is ${LEVELS.join(", ")}`),
    );
  });
}

/** An attribute `annotation[-LEVEL][[PLATFORM]].KEY` of --output (BuildKit exptypes/annotations.go). */
export function annotationAttribute(attribute: string, value: string): Annotation {
  const [, level = "manifest", platform, key = ""] =
    /^annotation(?:-([a-z-]+))?(?:\[([A-Za-z0-9_/-]+)\])?\.(\S+)$/.exec(attribute) ?? [];
  return annotation(key === "" ? "" : level, platform, key, value, () =>
    usageError(
      "build",
      `Cannot use "${attribute}" in --output: it is no annotation`,
      "write annotation.KEY=VALUE or annotation-LEVEL[PLATFORM].KEY=VALUE",
    ),
  );
}

function annotation(
  word: string,
  platform: string | undefined,
  key: string,
  value: string,
  wrong: () => Error,
): Annotation {
  const level = LEVELS.find((one) => one === word);
  if (level === undefined) throw wrong();
  return { level, ...(platform === undefined ? {} : { platform: parsePlatform(platform) }), key, value };
}
