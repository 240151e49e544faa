import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { contextWith, measureRow, type Bench, type Row } from "./row.ts";

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
  const run = async (): Promise<void> => void (await bench.tsbuild(["--check", context]));
  // The first makes the store where there is none yet, the second leaves the code that it compiled.
  await bench.tsbuild(["-q", contextWith(bench, "any", "FROM scratch\nCOPY Dockerfile /\n")]);
  for (let time = 0; time < 2; time++) {
    prepare();
    await run();
  }
  return measureRow(bench, {
    name,
    floor: "node -e 0",
    floorWork: { run: async () => void (await bench.command([process.execPath, "-e", "0"])) },
    ours: { prepare, run },
    budget: 1.35,
    rounds: bench.rounds * 3,
  });
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
