/** Resolves when all that others wait for has gone on: what they had to send is out before this thread works again. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
