import type { Diagnostic, Range, SourceText } from "../../../core/diagnostic.ts";
import { descriptionOfRule, urlOfRule } from "./rules.ts";
import type { CheckReport, Outline, OutlinedMount, TargetList } from "../../../api/answer-types.ts";

/** BuildKit's LintResults (frontend/subrequests/lint): the JSON of `docker build --call=check,format=json`. */
export function checkJson({ source, warnings, errors }: CheckReport): string {
  const [error] = errors;
  return json({
    warnings: warnings.map((warning) => ({
      ruleName: warning.rule,
      description: descriptionOfRule(warning.rule),
      url: urlOfRule(warning.rule),
      detail: warning.message,
      location: location(warning.range),
      // What BuildKit does not have.
      reason: warning.reason,
      fix: warning.fix,
    })),
    sources: [{ fileName: source.name, language: "Dockerfile", data: base64(source) }],
    error: error === undefined ? undefined : buildError(error),
    errors: errors.length === 0 ? undefined : errors.map(buildError),
  });
}

/** BuildKit's Outline (frontend/subrequests/outline). */
export function outlineJson({ source, name, description, args, secrets, ssh, caches }: Outline): string {
  return json({
    name,
    description: description || undefined,
    sources: [base64(source)],
    args: args.map((arg) => ({
      name: arg.name,
      description: arg.description || undefined,
      value: arg.value,
      location: location(arg.range),
    })),
    secrets: some(secrets)?.map(mount),
    ssh: some(ssh)?.map(mount),
    cache: some(caches)?.map((cache) => ({ ID: cache.name, location: location(cache.range) })),
  });
}

/** BuildKit's List (frontend/subrequests/targets). */
export function targetsJson({ source, targets }: TargetList): string {
  return json({
    targets: targets.map((target) => ({
      name: target.name,
      default: target.isDefault || undefined,
      description: target.description || undefined,
      base: target.base,
      platform: target.platform,
      location: location(target.range),
    })),
    sources: [base64(source)],
  });
}

function mount({ name, required, range }: OutlinedMount): object {
  return { name, required: required || undefined, location: location(range) };
}

function buildError({ message, rule, reason, fix, range }: Diagnostic): object {
  return { message, rule, reason, fix, location: location(range) };
}

/** BuildKit counts lines from one; its characters, which it leaves at 0, are columns here. */
function location({ start, end }: Range): object {
  return {
    ranges: [
      {
        start: { line: start.line + 1, character: start.column || undefined },
        end: { line: end.line + 1, character: end.column || undefined },
      },
    ],
  };
}

function base64({ text }: SourceText): string {
  return Buffer.from(text, "utf8").toString("base64");
}

function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
