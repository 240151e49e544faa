import type { Json } from "../core/json.ts";

/** A step, as its record's inputs tell it, in the words of a Dockerfile. */
export function describe(inputs: Json): string {
  const op = fieldsOf(fieldsOf(inputs)["op"]);
  switch (op["type"]) {
    case "exec": {
      const argv = Array.isArray(op["argv"]) ? op["argv"].map(String) : [];
      const shell = argv.length > 2 && argv.at(-2) === "-c";
      return oneLine(`RUN ${shell ? (argv.at(-1) ?? "") : argv.join(" ")}`);
    }
    case "copy":
      return oneLine(`COPY … ${textOf(op["dest"])}`);
    case "mkdir":
      return oneLine(`WORKDIR ${textOf(op["path"])}`);
    default:
      return oneLine(textOf(op["type"]) || "step");
  }
}

function fieldsOf(value: Json | undefined): { readonly [key: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Json })
    : {};
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
