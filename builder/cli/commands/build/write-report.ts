import type { BuildResult } from "../../../api/types.ts";
import { TsbuildError } from "../../../core/errors.ts";
import type { Emit } from "../../../core/events.ts";
import { redact } from "../../../core/redact.ts";
import { formatPlatform } from "../../../core/platform.ts";
import { PLAIN_STYLE } from "../../../progress/style.ts";
import { reportPage } from "../../../report/page.ts";
import { ReportRecorder } from "../../../report/recorder.ts";
import { familiarName } from "../../familiar.ts";
import { errorText } from "../../print-error.ts";
import { checkPlace, writeWhole } from "./result-files.ts";

/** --report: listens to a build, and writes the page when it is over, however it ended. */
export class BuildReport {
  readonly #path: string;
  readonly #context: string;
  readonly #recorder = new ReportRecorder();
  readonly #began = Date.now();

  constructor(path: string, context: string) {
    checkPlace("--report", path);
    this.#path = path;
    this.#context = redact(context);
  }

  /** Why steps ran is always asked for: the display shows it only where somebody asked it too. */
  watching(emit: Emit, showReasons: boolean): Emit {
    return this.#recorder.watching((event) => {
      if (event.type !== "step-explained" || showReasons) emit(event);
    });
  }

  succeeded(result: BuildResult): void {
    const names = result.names.map(familiarName);
    const facts = [
      ["Image", names.join(", ")],
      ["Id", result.imageId ?? ""],
      ["Manifest", result.digest ?? ""],
      ["Platform", result.platforms.map(formatPlatform).join(", ")],
    ] as const;
    this.#write(names[0] ?? this.#context, facts, result);
  }

  failed(error: unknown): void {
    const code = error instanceof TsbuildError ? error.code : "INTERNAL";
    this.#write(this.#context, [["Error", code]], undefined, errorText(error, PLAIN_STYLE, false, Infinity));
  }

  #write(
    name: string,
    facts: readonly (readonly [string, string])[],
    result: BuildResult | undefined,
    failure?: string,
  ): void {
    const { warnings, work } = this.#recorder;
    const page = reportPage({
      title: `Build of ${name}`,
      started: this.#began,
      ended: Date.now(),
      facts: [...facts, ["Context", this.#context] as const].filter(([, value]) => value !== ""),
      ...(failure === undefined ? {} : { failure }),
      warnings,
      steps: this.#recorder.steps(result?.growth),
      work,
    });
    writeWhole("--report", this.#path, page);
  }
}
