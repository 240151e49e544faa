import { plainRange, type Position, type Range } from "../core/diagnostic.ts";
import { readAst } from "./ast.ts";
import type { LogicalLine } from "./logical-lines.ts";
import { maskText } from "./mask.ts";
import { lineEnd, type PhysicalLine } from "./source.ts";

/** Where the instructions of a text begin. Nobody asks where nothing is wrong: dockerfile-ast is not even loaded then. */
export class Beginnings {
  readonly #text: string;
  readonly #lines: readonly PhysicalLine[];
  readonly #logical: readonly LogicalLine[];
  #byLine: ReadonlyMap<number, Position> | undefined;

  constructor(text: string, lines: readonly PhysicalLine[], logical: readonly LogicalLine[]) {
    this.#text = text;
    this.#lines = lines;
    this.#logical = logical;
  }

  /** Where a line's keyword stands; it may begin with lines that have nothing but a continuation character. */
  of({ pieces, firstLine }: LogicalLine): Position {
    const starts = (this.#byLine ??= this.#find());
    const found = pieces.find(({ line }) => starts.has(line));
    return starts.get(found?.line ?? -1) ?? { line: firstLine, column: pieces[0]?.column ?? 0 };
  }

  #find(): ReadonlyMap<number, Position> {
    const found = readAst(maskText(this.#text, this.#lines, this.#logical));
    return new Map(found.map(({ range }) => [range.start.line, range.start]));
  }

  /** From a line's keyword to its end, heredocs included. */
  rangeOf(line: LogicalLine): Range {
    return new InstructionRange(this, line, lineEnd(this.#lines, line.lastLine));
  }
}

class InstructionRange implements Range {
  readonly end: Position;
  readonly #beginnings: Beginnings;
  readonly #line: LogicalLine;

  constructor(beginnings: Beginnings, line: LogicalLine, end: Position) {
    this.#beginnings = beginnings;
    this.#line = line;
    this.end = end;
  }

  get start(): Position {
    return this.#beginnings.of(this.#line);
  }

  toJSON(): Range {
    return plainRange(this);
  }
}
