import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { command, inTurns } from "./measure.ts";
import { contextWith, row, type Bench, type Row } from "./row.ts";

/** A check of a Dockerfile that was checked before. */
export function checkAgain(bench: Bench): Promise<Row> {
  return check(bench, "--check of 200 lines, again", () => DOCKERFILE);
}

/** A check of a Dockerfile that was changed since the last one. */
export function checkChanged(bench: Bench): Promise<Row> {
  let version = 0;
  return check(bench, "--check of 200 changed lines", () => `${DOCKERFILE}LABEL version=${++version}\n`);
}

async function check(bench: Bench, name: string, text: () => string): Promise<Row> {
  const context = contextWith(bench, "check", "");
  const prepare = (): void => writeFileSync(join(context, "Dockerfile"), text());
  const run = (): void => bench.tsbuild(["--check", context]);
  // The first makes the store where there is none yet, the second leaves the code that it compiled.
  bench.tsbuild(["-q", contextWith(bench, "any", "FROM scratch\nCOPY Dockerfile /\n")]);
  for (let time = 0; time < 2; time++) {
    prepare();
    run();
  }
  const [floorMs, ours] = await inTurns(bench.rounds * 3, [
    { run: () => command([process.execPath, "-e", "0"]) },
    { prepare, run },
  ]);
  return row(name, "node -e 0", floorMs, ours, 1.35);
}

const STAGES = 17;

const DOCKERFILE = `# syntax=docker/dockerfile:1
ARG NODE_VERSION=20
FROM node:\${NODE_VERSION}-slim AS base
WORKDIR /app
${Array.from({ length: STAGES }, (_, index) => stage(index + 1)).join("")}FROM base
COPY --from=stage1 /srv/app1 /app/
USER node
CMD ["node", "main.js"]
`;

function stage(number: number): string {
  return `# Application ${number}

FROM base AS stage${number}
ARG VERSION=1.${number}
ENV APP=value${number} OTHER="two words"
WORKDIR /srv/app${number}
COPY --chown=1000:1000 package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm \\
    npm ci --omit=dev \\
    && npm run build -- --version=\${VERSION}
EXPOSE ${8000 + number}/tcp
CMD ["node", "server${number}.js"]
`;
}
