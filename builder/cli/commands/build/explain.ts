import { TsbuildError } from "../../../core/errors.ts";
import { ago, reasonText } from "../../../explain/text.ts";
import type { Explanation } from "../../../explain/types.ts";
import { sanitize } from "../../../progress/sanitize.ts";
import { command } from "../../command.ts";
import { onePlatform, outputFormat } from "../../values.ts";
import { withStore } from "../../with-tsbuild.ts";

/** `tsbuild explain`. */
export const explainCommand = command({
  name: "explain",
  usage: "explain [OPTIONS] [PATH]",
  summary: "Say why the steps of the last build ran",
  flags: {
    file: { short: "f", value: "FILE", doc: "Of builds of this Dockerfile, named as it was then" },
    target: { value: "STAGE", doc: "Of builds of this stage" },
    platform: { value: "OS/ARCH", doc: "Of builds for this platform" },
    format: { value: "FORMAT", doc: "Print text or json", default: "text" },
  },
  operands: { min: 0, max: 1, name: "PATH" },
  examples: [
    ["tsbuild explain", "says why the last build ran what it ran"],
    ["tsbuild explain --target test .", "the same of the last build of this directory's stage test"],
    ["tsbuild explain --format json | jq '.steps[].reasons'", "prints the reasons for tools"],
  ],
  async execute(flags, [context], session) {
    const format = outputFormat("explain", flags.format);
    const platform = onePlatform(flags.platform);
    const explanation = await withStore(session, (tsbuild) =>
      tsbuild.explain({
        ...(context === undefined ? {} : { context }),
        ...(flags.file === undefined ? {} : { dockerfile: flags.file }),
        ...(flags.target === undefined ? {} : { target: flags.target }),
        ...(platform === undefined ? {} : { platform }),
      }),
    );
    if (explanation === undefined) {
      throw new TsbuildError("USAGE", "Cannot explain a build: the store knows of none", {
        hint:
          context === undefined
            ? "build something first; TSBUILD_ROOT says which store is asked"
            : 'see "tsbuild explain" without a path for the last build of all',
      });
    }
    const json = (): string => `${JSON.stringify(explanation, undefined, 2)}\n`;
    session.io.stdout.write(format === "json" ? json() : explanationText(explanation, Date.now()));
    return 0;
  },
});

/** An explanation for people. */
export function explanationText(
  { place, time, unchangedSince, steps, cached }: Explanation,
  now: number,
): string {
  const options = [
    ...(place.dockerfile === "" ? [] : [`-f ${place.dockerfile}`]),
    ...(place.target === "" ? [] : [`--target ${place.target}`]),
    ...(place.platform === "" ? [] : [`--platform ${place.platform}`]),
    place.context,
  ];
  const what = sanitize(options.join(" "));
  const count = steps.length === 0 ? "nothing ran" : `${steps.length} of ${steps.length + cached} steps ran`;
  const lines = [`Build of ${what}, ${ago(time, now)}: ${count}`];
  if (unchangedSince !== undefined)
    lines.push(`Builds since then, the last one ${ago(unchangedSince, now)}, found everything in the cache`);
  for (const { step, outcome, reasons } of steps) {
    const mark = outcome === "ran" ? "" : ` (${outcome})`;
    lines.push("", `${sanitize(step)}${mark}`);
    for (const reason of reasons) lines.push(`  ${sanitize(reasonText(reason, now))}`);
  }
  return `${lines.join("\n")}\n`;
}
