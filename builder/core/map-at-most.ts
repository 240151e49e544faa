/**
 * What `work` makes of each item, so many at a time, begun in their order. After a failure nothing more is begun; the
 * first failure is thrown when all that had begun is at its end.
 */
export async function mapAtMost<T, R>(
  count: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const left = items.entries();
  const turns = Array.from({ length: Math.min(count, items.length) }, async () => {
    for (const [index, item] of left) {
      if (failures.length > 0) return;
      try {
        results[index] = await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  });
  await Promise.all(turns);
  if (failures.length > 0) throw failures[0];
  return results;
}
