import type { Session } from "./types.ts";
import { printError } from "./print-error.ts";

/**
 * Does something to each operand, as docker does: what fails is told, the others are done for all that, and the status
 * is 1 then.
 */
export async function forEach(
  session: Session,
  operands: readonly string[],
  work: (operand: string) => Promise<string>,
): Promise<number> {
  let status = 0;
  const results = operands.map(async (operand) => {
    try {
      return { said: await work(operand) };
    } catch (error) {
      return { error };
    }
  });
  for (const result of results) {
    const outcome = await result;
    if ("said" in outcome) session.io.stdout.write(`${outcome.said}\n`);
    else {
      await printError(outcome.error, session);
      status = 1;
    }
  }
  return status;
}
