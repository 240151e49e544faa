import type { Session } from "../types.ts";
import { withStore } from "../with-tsbuild.ts";
import { familiarName } from "../familiar.ts";
import { complete } from "./candidates.ts";

/** Answers a script of scripts.ts. Whatever fails is silent: its words would land in the middle of a command line. */
export async function answerShell(argv: readonly string[], session: Session): Promise<number> {
  const words = argv[0] === "--" ? argv.slice(1) : argv;
  const images = (): Promise<readonly string[]> =>
    withStore(session, async (tsbuild) => (await tsbuild.images()).map(({ name }) => familiarName(name)));
  const containers = (): Promise<readonly string[]> =>
    withStore(session, async (tsbuild) => (await tsbuild.containers.list()).map(({ record }) => record.name));
  try {
    const { candidates, paths } = await complete(words, { images, containers });
    const lines = candidates.map(({ text, doc }) => (doc === undefined ? text : `${text}\t${doc}`));
    session.io.stdout.write([...lines, `:${paths}`, ""].join("\n"));
    return 0;
  } catch {
    return 1;
  }
}
