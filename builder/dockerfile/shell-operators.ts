/** What may follow the name in `${name…}`, but for `/`. */
export type Operator = "-" | ":-" | "+" | ":+" | "?" | ":?" | "#" | "%";

const OPERATORS: ReadonlySet<string> = new Set(["-", ":-", "+", ":+", "?", ":?", "#", "%"]);

export function isOperator(text: string): text is Operator {
  return OPERATORS.has(text);
}

/** `${x-word}`, `${x+word}`, `${x?word}`, and with a colon, where empty counts as unset. */
export function applyOperator(
  operator: Exclude<Operator, "#" | "%">,
  name: string,
  value: string | undefined,
  word: string,
  error: (reason: string) => Error,
): string {
  const missing = value === undefined || (operator.startsWith(":") && value === "");
  switch (operator) {
    case "-":
    case ":-":
      return missing ? word : value;
    case "+":
    case ":+":
      return missing ? "" : word;
    case "?":
    case ":?":
      if (!missing) return value;
      throw error(`${name}: ${word || `is not allowed to be ${value === undefined ? "unset" : "empty"}`}`);
  }
}
