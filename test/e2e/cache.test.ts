import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig, type Outcome, type Rig } from "../support/rig.ts";

const DOCKERFILE = `FROM base AS one
WORKDIR /src
COPY a.txt .
RUN node -e 'require("fs").copyFileSync("a.txt", "a.out")'
COPY b.txt .
RUN node -e 'require("fs").copyFileSync("b.txt", "b.out")'

FROM base
COPY --from=one /src/a.out /a
RUN node -e 'require("fs").writeFileSync("/done", "yes")'
`;

async function open(): Promise<{
  rig: Rig;
  context: string;
  build: (...flags: string[]) => Promise<Outcome>;
}> {
  const rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: DOCKERFILE, "a.txt": "a\n", "b.txt": "b\n" });
  const build = (...flags: string[]): Promise<Outcome> =>
    rig.tsbuild(["build", "-t", "app", "--progress=plain", ...base, ...flags, context]);
  assert.equal((await build()).status, 0);
  return { rig, context, build };
}

/** Names of the steps that ran, without their numbers. */
function ran({ stderr, status }: Outcome): string[] {
  assert.equal(status, 0, stderr);
  const steps = [...stderr.matchAll(/^#(\d+) \[[^\]]*\d\/\d\] (.*)$/gm)];
  const cached = new Set([...stderr.matchAll(/^#(\d+) CACHED$/gm)].map((match) => match[1]));
  return [
    ...new Set(steps.filter(([, number]) => !cached.has(number)).map(([, , name]) => name ?? "")),
  ].filter((name) => !name.startsWith("FROM"));
}

test("a build that changes nothing runs no step and makes the very same image", async () => {
  const { rig, build } = await open();
  await using _ = rig;
  const first = await rig.tsbuild(["images", "-q"]);
  assert.deepEqual(ran(await build()), []);
  assert.equal((await rig.tsbuild(["images", "-q"])).stdout, first.stdout);
});

test("a changed file reruns exactly the COPY and what follows it", async () => {
  const { rig, context, build } = await open();
  await using _ = rig;
  writeFileSync(join(context, "b.txt"), "B\n");
  assert.deepEqual(ran(await build()), [
    "COPY b.txt .",
    `RUN node -e 'require("fs").copyFileSync("b.txt", "b.out")'`,
  ]);
});

test("a changed RUN line reruns it and what follows, and a stage that comes out equal is not copied again", async () => {
  const { rig, context, build } = await open();
  await using _ = rig;
  writeFileSync(join(context, "Dockerfile"), DOCKERFILE.replace(`"a.out")'`, `"a.out"); 0'`));
  const steps = ran(await build());
  assert.ok(
    steps.some((step) => step.includes(`"a.out"); 0'`)),
    steps.join(),
  );
  assert.ok(!steps.some((step) => step.includes("/done")), steps.join());
});

test("--no-cache runs every step", async () => {
  const { rig, build } = await open();
  await using _ = rig;
  assert.equal(ran(await build("--no-cache")).length, 7);
});

/** A step that ends when another has begun, as files in a directory that both see tell: neither could end alone. */
function wait(own: string, other: string): string {
  return `RUN --mount=type=cache,target=/c node -e 'fs.writeFileSync("/c/${own}", ""); const t = setInterval(() => fs.existsSync("/c/${other}") && clearInterval(t), 5)'`;
}

test("independent stages run side by side", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({
    Dockerfile: `FROM base AS one\n${wait("1", "2")}\nFROM base AS two\n${wait("2", "1")}\nFROM base\nCOPY --from=one /etc/passwd /1\nCOPY --from=two /etc/passwd /2\n`,
  });
  const { status, stderr } = await rig.tsbuild(["build", "--progress=plain", ...base, context]);
  assert.equal(status, 0, stderr);
});

test("a step runs on a layer that is there twice", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({
    Dockerfile: `FROM base
COPY a.txt /a
COPY a.txt /a
RUN node -e 'if (require("fs").readFileSync("/a", "utf8") !== "a") process.exit(1)'
`,
    "a.txt": "a",
  });
  const outcome = await rig.tsbuild(["build", "-t", "app", "--progress=plain", ...base, context]);
  assert.equal(outcome.status, 0, outcome.stderr);
});

test("a step sees what changed in a COPY, and what did not", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const files = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`files/${at}`, `${at}`]));
  const context = rig.context({
    Dockerfile: `FROM base
COPY files /files
RUN node -e 'const fs = require("fs"); for (const name of fs.readdirSync("/files").sort()) console.log(name, fs.readFileSync("/files/" + name, "utf8"))'
`,
    ...files,
  });
  const see = async (): Promise<string[]> => {
    const { status, stderr } = await rig.tsbuild([
      "build",
      "-t",
      "app",
      "--progress=plain",
      ...base,
      context,
    ]);
    assert.equal(status, 0, stderr);
    return [...stderr.matchAll(/^#\d+ [\d.]+ (\d+ .*)$/gm)].map((match) => match[1] ?? "");
  };
  const expect = (): string[] =>
    Object.entries(files)
      .map(([path, text]) => `${path.slice("files/".length)} ${text}`)
      .sort();
  assert.deepEqual((await see()).sort(), expect());
  const write = (name: string, text: string): void => {
    files[`files/${name}`] = text;
    writeFileSync(join(context, "files", name), text);
  };
  write("7", "x");
  assert.deepEqual((await see()).sort(), expect());
  write("100", "y");
  write("7", "z");
  assert.deepEqual((await see()).sort(), expect());
  delete files["files/7"];
  rmSync(join(context, "files/7"));
  assert.deepEqual((await see()).sort(), expect());
});
