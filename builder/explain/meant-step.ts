/** Whether a step is meant by `2/5`, `builder 2/5`, or a part of its instruction. */
export function isMeant(name: string, wanted: string): boolean {
  const [, place = "", instruction = ""] = /^\[([^\]]*)\] (.*)$/s.exec(name) ?? [];
  const text = wanted.toLowerCase();
  const number = place.split(" ").at(-1);
  return place.toLowerCase() === text || number === text || instruction.toLowerCase().includes(text);
}
