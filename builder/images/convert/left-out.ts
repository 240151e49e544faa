/**
 * Why a manifest of an index is not in the index's new form: it states something of an image that has another digest now,
 * docker's format has nothing like it, or it was not fetched.
 */
export type LeftOut = "statement" | "artifact" | "absent";

const WORDS: Readonly<Record<LeftOut, (count: number) => string>> = {
  statement: (count) =>
    count === 1 ? "a statement about an image as it was" : `${count} statements about images as they were`,
  artifact: (count) =>
    `${count === 1 ? "an artifact" : `${count} artifacts`}, which docker's format does not have`,
  absent: (count) => (count === 1 ? "a manifest that is not here" : `${count} manifests that are not here`),
};

/** All of them in words; empty where nothing was left out. */
export function leftOutText(reasons: readonly LeftOut[]): string {
  return (["statement", "artifact", "absent"] as const)
    .map((why) => [why, reasons.filter((one) => one === why).length] as const)
    .flatMap(([why, count]) => (count === 0 ? [] : [WORDS[why](count)]))
    .join("; ");
}
