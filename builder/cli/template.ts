import { FUNCTIONS, holds, NO_LIST, NO_MAP, show } from "./template-functions.ts";
import { parseTemplate, templateError, type Part, type Pipe, type Term } from "./template-parse.ts";

/** What docker has where an image or a container says nothing. */
const UNSET: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...["Cmd", "Entrypoint", "Env", "OnBuild", "Shell"].map((name) => [name, NO_LIST] as const),
  ...["Labels", "Volumes", "ExposedPorts"].map((name) => [name, NO_MAP] as const),
  ...["User", "WorkingDir", "StopSignal"].map((name) => [name, ""] as const),
]);
/** Fields whose members have any names. */
const MAPS: ReadonlySet<string> = new Set(["Labels", "Volumes", "ExposedPorts", "Ports"]);

/** Fills in a template of docker's --format: `{{.Name}}`, `{{range .Mounts}}{{.Source}} {{end}}`, `{{json .Config}}`. */
export function fillTemplate(template: string, value: object): string {
  const text = template.replaceAll("\\t", "\t").replaceAll("\\n", "\n");
  return new Filler(template, value).all(parseTemplate(text), value, new Map());
}

type Variables = Map<string, unknown>;

class Filler {
  readonly #template: string;
  readonly #root: object;

  constructor(template: string, root: object) {
    this.#template = template;
    this.#root = root;
  }

  all(parts: readonly Part[], dot: unknown, outer: Variables): string {
    const variables = new Map(outer);
    return parts.map((part) => this.#part(part, dot, variables)).join("");
  }

  #part(part: Part, dot: unknown, variables: Variables): string {
    if (part.kind === "text") return part.text;
    const { declares } = part.pipe;
    const value = this.#pipe(part.pipe, dot, variables);
    if (part.kind === "range") return this.#range(part, value, dot, variables);
    for (const name of declares) variables.set(name, value);
    if (part.kind === "put") return declares.length > 0 ? "" : show(value);
    if (!holds(value)) return this.all(part.otherwise, dot, variables);
    return this.all(part.body, part.kind === "with" ? value : dot, variables);
  }

  #range(
    part: Exclude<Part, { kind: "text" | "put" }>,
    value: unknown,
    dot: unknown,
    outer: Variables,
  ): string {
    const list = Array.isArray(value);
    // Go walks maps in the order of their keys.
    const members = Object.entries(Object(value)).sort(([a], [b]) => (list ? 0 : a < b ? -1 : 1));
    if (members.length === 0) return this.all(part.otherwise, dot, outer);
    return members
      .map(([key, member]) => {
        const [first, second] = part.pipe.declares;
        const variables = new Map(outer);
        if (first !== undefined)
          variables.set(first, second === undefined ? member : list ? Number(key) : key);
        if (second !== undefined) variables.set(second, member);
        return this.all(part.body, member, variables);
      })
      .join("");
  }

  #pipe({ commands }: Pipe, dot: unknown, variables: Variables): unknown {
    let last: { readonly value: unknown } | undefined;
    for (const [head, ...rest] of commands) {
      if (head === undefined) continue;
      const values = rest.map((term) => this.#term(term, dot, variables));
      if (last !== undefined) values.push(last.value);
      if (head.kind !== "function" && values.length > 0)
        throw templateError(this.#template, "what is given arguments is no function");
      last = {
        value: head.kind === "function" ? this.#call(head.name, values) : this.#term(head, dot, variables),
      };
    }
    return last?.value;
  }

  #term(term: Term, dot: unknown, variables: Variables): unknown {
    if (term.kind === "value") return term.value;
    if (term.kind === "function") return this.#call(term.name, []);
    const { of, names } = term;
    if (typeof of !== "string") return this.#fields(this.#pipe(of, dot, variables), names);
    if (of === ".") return this.#fields(dot, names);
    if (of === "$") return this.#fields(this.#root, names);
    if (!variables.has(of)) throw templateError(this.#template, `there is no variable ${of}`);
    return this.#fields(variables.get(of), names);
  }

  #call(name: string, values: readonly unknown[]): unknown {
    const called = FUNCTIONS.get(name);
    if (called !== undefined) return called(...values);
    const known = [...FUNCTIONS.keys()].join(", ");
    throw templateError(this.#template, `there is no function "${name}" but ${known}`);
  }

  #fields(value: unknown, names: readonly string[]): unknown {
    let found = value;
    for (const [at, name] of names.entries()) {
      if (typeof found === "object" && found !== null && Object.hasOwn(found, name))
        found = (found as Readonly<Record<string, unknown>>)[name];
      else if (MAPS.has(names[at - 1] ?? "")) found = undefined;
      else if (typeof found === "object" && UNSET.has(name)) found = UNSET.get(name);
      else throw templateError(this.#template, `there is no field .${names.join(".")}`);
    }
    return found;
  }
}
