import { didYouMean } from "../core/suggest.ts";
import type { Word } from "../dockerfile/types.ts";
import type { Handler, Work } from "./context.ts";

/** ENV (rules 11 and 20): every pair sees the variables from before the line, and a known name keeps its place. */
export const applyEnv: Handler<"env"> = ({ pairs }, work) => {
  const { state, expander } = work;
  const set = pairs.map((pair) => {
    const key = nameOf(pair.key, "variable", work);
    return { key, value: expander.word(pair.value, state.scope) };
  });
  for (const { key, value } of set) {
    state.env.set(key, value);
    state.values.set(key, value);
  }
  state.record(() => `ENV ${set.map(({ key, value }) => `${key}=${value}`).join(" ")}`);
};

/** What these say is for the scanner alone: they are no variables (BuildKit convert.go nonEnvArgs). */
const SCANNERS = new Set(["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]);

/** ARG (rules 12 and 13): from here on it wins over ENV for RUN and for expansion, and it is never in the config. */
export const applyArg: Handler<"arg"> = ({ args }, work) => {
  const { state, buildArgs, globals, expander } = work;
  const texts = args.map(({ key: { raw: name }, value }) => {
    const given = buildArgs.take(name);
    const written =
      given === undefined && value !== undefined ? expander.word(value, state.scope) : undefined;
    const result = given ?? written ?? globals.get(name);
    state.args.set(name, result);
    if (result !== undefined && !SCANNERS.has(name)) state.values.set(name, result);
    return result === undefined ? name : `${name}=${result}`;
  });
  state.record(() => `ARG ${texts.join(" ")}`);
};

/** LABEL. */
export const applyLabel: Handler<"label"> = ({ pairs }, work) => {
  const { state, expander } = work;
  const scope = state.scope;
  const texts = pairs.map((pair) => {
    const key = nameOf(pair.key, "label", work);
    const value = expander.word(pair.value, scope);
    state.labels.set(key, value);
    return `${key}=${value}`;
  });
  state.record(() => `LABEL ${texts.join(" ")}`);
};

/** The name in ENV and LABEL is expanded too (rule 10), and may come out as none. */
function nameOf(word: Word, what: string, { state, expander, problems }: Work): string {
  const name = expander.word(word, state.scope);
  if (name === "" || (what === "variable" && name.includes("="))) {
    problems.error(
      "InvalidName",
      `Cannot set ${what} ${word.raw}: its name comes out as "${name}"`,
      word.range,
    );
  }
  return name;
}

/** `|2 A=1 B=2 `: the arguments in scope of a RUN, as they stand in its history line (rule 26). */
export function historyArgs({ state }: Work): string {
  if (state.args.size === 0) return "";
  const pairs = [...state.args].map(([name, value]) => `${name}=${state.values.get(name) ?? value ?? ""}`);
  return `|${pairs.length} ${pairs.join(" ")} `;
}

/** Says which --build-arg no ARG took, and which one was meant. */
export function warnUnusedArgs({
  buildArgs,
  stages,
  problems,
}: Pick<Work, "buildArgs" | "stages" | "problems">): void {
  for (const [name, reason] of buildArgs.foreign())
    problems.remark(`Build argument "${name}" has no effect: ${reason}`);
  const unused = buildArgs.unused();
  if (unused.length === 0) return;
  const declared = stages.flatMap((stage) =>
    stage.instructions.flatMap((one) => (one.kind === "arg" ? one.args.map(({ key }) => key.raw) : [])),
  );
  for (const name of unused) {
    const hint = didYouMean(name, declared);
    problems.remark(
      `Build argument "${name}" was given, but no ARG of the stages that were built takes it${hint ? `; ${hint}` : ""}`,
    );
  }
}
