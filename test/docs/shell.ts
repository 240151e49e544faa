/** Words of the shell after which a command begins. */
const BEFORE_COMMANDS = new Set([
  "if",
  "then",
  "else",
  "elif",
  "do",
  "while",
  "until",
  "!",
  "{",
  "(",
  "exec",
  "sudo",
  "npx",
  "time",
  "xargs",
  "-",
]);

/**
 * The simple commands of a script, as words without their quotes; assignments in front of a command, redirections and
 * the words of the shell are taken off. Enough of the shell's grammar for what documentation shows.
 */
export function commandsOf(script: string): readonly (readonly string[])[] {
  const commands: (readonly string[])[] = [];
  let words: string[] = [];
  let word: string | undefined;
  const endWord = (): void => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (): void => {
    endWord();
    if (words.length > 0) commands.push(words);
    words = [];
  };
  for (let at = 0; at < script.length; at++) {
    const char = script[at] ?? "";
    const next = script[at + 1];
    if (char === "\\") {
      if (next !== "\n") word = `${word ?? ""}${next ?? ""}`;
      at++;
    } else if (char === "'" || char === '"') {
      const end = closing(script, at, char);
      word = `${word ?? ""}${script.slice(at + 1, end).replace(/\\(["\\$`])/g, "$1")}`;
      at = end;
    } else if (char === "$" && (next === "(" || next === "{")) {
      const end = matching(script, at + 1);
      if (next === "(") commands.push(...commandsOf(script.slice(at + 2, end)));
      word = `${word ?? ""}${script.slice(at, end + 1)}`;
      at = end;
    } else if (char === "#" && word === undefined) {
      at = endOfLine(script, at) - 1;
    } else if (char === "<" && next === "<") {
      at = endOfHeredoc(script, at);
      endCommand();
    } else if (char === "<" || char === ">") {
      if (word !== undefined && /^\d$/.test(word)) word = undefined;
      endWord();
      words.push(char);
      while (/[<>&]/.test(script[at + 1] ?? "")) at++;
    } else if (/[\n;|&()]/.test(char)) endCommand();
    else if (/\s/.test(char)) endWord();
    else word = (word ?? "") + char;
  }
  endCommand();
  return commands.map(bare).filter((one) => one.length > 0);
}

/** Without redirections and without what stands before the command's name. */
function bare(words: readonly string[]): readonly string[] {
  const kept = words.filter((word, index) => !/^[<>]$/.test(word) && !/^[<>]$/.test(words[index - 1] ?? ""));
  const first = kept.findIndex((word) => !BEFORE_COMMANDS.has(word) && !/^\w+=/.test(word));
  return first === -1 ? [] : kept.slice(first);
}

function closing(script: string, start: number, quote: string): number {
  for (let at = start + 1; at < script.length; at++) {
    if (quote === '"' && script[at] === "\\") at++;
    else if (script[at] === quote) return at;
  }
  return script.length;
}

/** Where the bracket at `start` is closed. */
function matching(script: string, start: number): number {
  const [open, close] = script[start] === "(" ? ["(", ")"] : ["{", "}"];
  let depth = 0;
  for (let at = start; at < script.length; at++) {
    if (script[at] === open) depth++;
    else if (script[at] === close && --depth === 0) return at;
  }
  return script.length;
}

function endOfLine(script: string, at: number): number {
  const end = script.indexOf("\n", at);
  return end === -1 ? script.length : end;
}

function endOfHeredoc(script: string, at: number): number {
  const name = /^<<-?\s*['"]?(\w+)/.exec(script.slice(at))?.[1] ?? "";
  const end = script.indexOf(`\n${name}\n`, at);
  return end === -1 ? script.length : end + name.length;
}
