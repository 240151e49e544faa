import { didYouMean } from "../../../core/suggest.ts";
import type { PlanStep } from "../../../api/answer-types.ts";
import type { BuildOptions, Tsbuild } from "../../../api/types.ts";
import { csvPairs } from "../../csv.ts";
import { usageError } from "../../flags.ts";
import type { Session } from "../../types.ts";

const METHODS = ["build", "check", "outline", "targets", "subrequests.describe"] as const;
const FORMATS = ["text", "json"] as const;
const STEPS: readonly PlanStep[] = ["ast", "stages", "graph"];

/** What is asked of a Dockerfile instead of building it. */
export type Call =
  | { readonly method: Exclude<(typeof METHODS)[number], "build">; readonly json: boolean }
  | { readonly method: "print"; readonly step: PlanStep }
  | { readonly method: "dry-run"; readonly json: boolean };

/** Reads --check, --call and --print: one of them; undefined is a build. */
export function readCall(flags: {
  readonly check: boolean;
  readonly call: string | undefined;
  readonly print: string | undefined;
  readonly "dry-run": string | undefined;
}): Call | undefined {
  const dryRun = flags["dry-run"];
  const given = [
    flags.check && "--check",
    flags.call !== undefined && "--call",
    flags.print && "--print",
    dryRun !== undefined && "--dry-run",
  ];
  const [first, second] = given.filter((name) => name !== false && name !== undefined && name !== "");
  if (second !== undefined) {
    throw usageError(
      "build",
      `Cannot use ${second} with ${first}: each asks for another answer`,
      "choose one",
    );
  }
  if (flags.check) return { method: "check", json: false };
  if (dryRun !== undefined)
    return { method: "dry-run", json: oneOf("--dry-run", dryRun, FORMATS) === "json" };
  if (flags.print !== undefined) return { method: "print", step: oneOf("--print", flags.print, STEPS) };
  return flags.call === undefined ? undefined : parseCall(flags.call);
}

/** `outline`, `outline,format=json`, `format=json,method=outline`: buildx's spellings. */
function parseCall(text: string): Call | undefined {
  const [first = "", ...rest] = text.split(",");
  const pairs = csvPairs(first.includes("=") ? text : [`method=${first}`, ...rest].join(","));
  for (const key of pairs.keys()) {
    if (key === "method" || key === "format") continue;
    const hint = didYouMean(key, ["method", "format"]) ?? "write METHOD or METHOD,format=json";
    throw usageError("build", `Cannot use --call ${text}: "${key}" is not known`, hint);
  }
  const method = oneOf("--call", pairs.get("method") ?? "", METHODS);
  const format = oneOf("--call format", pairs.get("format") ?? "text", FORMATS);
  // buildx has `lint` and `build` besides; a build is what happens without --call.
  return method === "build" ? undefined : { method, json: format === "json" };
}

function oneOf<T extends string>(flag: string, text: string, values: readonly T[]): T {
  const found = values.find((value) => value === text);
  if (found !== undefined) return found;
  throw usageError(
    "build",
    `Cannot use ${flag} ${text}: it is none of ${values.join(", ")}`,
    didYouMean(text, values),
  );
}

/** Answers on standard output; the result is the exit status. */
export async function answer(
  call: Call,
  tsbuild: Tsbuild,
  options: BuildOptions,
  { io }: Session,
): Promise<number> {
  const { stdout } = io;
  switch (call.method) {
    case "print":
      stdout.write(await tsbuild.plan(call.step, options));
      return 0;
    case "dry-run": {
      const forecast = await tsbuild.forecast(options);
      const { forecastText } = await import("./forecast-text.ts");
      const json = `${JSON.stringify(forecast, undefined, 2)}\n`;
      stdout.write(call.json ? json : forecastText(forecast, Date.now()));
      return 0;
    }
    case "subrequests.describe": {
      const { describeJson, describeText } = await import("./answers-describe.ts");
      stdout.write(call.json ? describeJson() : describeText());
      return 0;
    }
    case "targets": {
      const list = await tsbuild.targets(options);
      stdout.write(
        call.json
          ? (await import("./answers-json.ts")).targetsJson(list)
          : (await import("./answers-text.ts")).targetsText(list),
      );
      return 0;
    }
    case "outline": {
      const outline = await tsbuild.outline(options);
      stdout.write(
        call.json
          ? (await import("./answers-json.ts")).outlineJson(outline)
          : (await import("./answers-text.ts")).outlineText(outline),
      );
      return 0;
    }
    default: {
      const report = await tsbuild.check(options);
      for (const diagnostic of [...report.warnings, ...report.errors])
        options.emit({ type: "warning", message: diagnostic.message, diagnostic });
      const { loadStyle } = await import("../../../progress/style.ts");
      stdout.write(
        call.json
          ? (await import("./answers-json.ts")).checkJson(report)
          : (await import("./answers-text.ts")).checkText(
              report,
              await loadStyle(io.env, stdout.isTTY),
              stdout.isTTY ? stdout.columns : Infinity,
            ),
      );
      return report.warnings.length + report.errors.length === 0 ? 0 : 1;
    }
  }
}
