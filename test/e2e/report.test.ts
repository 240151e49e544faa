import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { test } from "node:test";
import { openPage, whyNoBrowser } from "../support/chromium.ts";
import { hostBase } from "../support/host-base.ts";
import { openRig } from "../support/rig.ts";

const DOCKERFILE = `FROM base AS one
RUN echo '<b>from one</b>'
FROM base AS two
COPY file /file
RUN echo from two
FROM base
COPY --from=one /etc/passwd /p
COPY --from=two /file /file
`;

test(
  "the report of a build is a page that a browser shows without complaint, wide and narrow",
  {
    skip: whyNoBrowser() ?? false,
  },
  async () => {
    await using rig = openRig();
    const base = await hostBase(rig);
    const context = rig.context({ Dockerfile: DOCKERFILE, file: "x".repeat(2000) });
    const path = rig.path("report.html");
    const built = await rig.tsbuild(["build", ...base, "-t", "app", "--report", path, context]);
    assert.equal(built.status, 0, built.stderr);
    assert.doesNotMatch(built.stderr, /why:/, "reasons are for the page");

    await using page = await openPage(pathToFileURL(path).href);
    for (const [width, height] of [
      [1200, 900],
      [390, 800],
    ] as const) {
      await page.resize(width, height);
      const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
      assert.ok(wide <= width, `${wide} > ${width}: it scrolls sideways`);
    }
    const count = (selector: string): Promise<number> =>
      page.evaluate<number>(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
    const text = await page.evaluate<string>("document.body.textContent");
    const boxes = await count(".graph .box");
    assert.ok(boxes >= 6 && (await count(".timeline .bar")) >= 4, `${boxes} boxes`);
    assert.equal(await count("details"), boxes);
    assert.ok((await count(".box.critical")) > 0);
    assert.match(text, /Build of app:latest/);
    assert.match(text, /It ran because:never built here/, "why it ran, in a step that is closed");
    assert.equal(await count("b"), 0, "what a step wrote is no markup");
    // A link of the graph opens its step.
    const opened = "location.hash = document.querySelector('.graph a').getAttribute('href'); location.hash";
    const hash = await page.evaluate<string>(opened);
    assert.equal(
      await page.evaluate<boolean>(`show(); document.querySelector(${JSON.stringify(hash)}).open`),
      true,
    );
    assert.deepEqual(page.complaints, []);
  },
);

test("a build that fails leaves a report with the explanation and the log", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: "FROM base\nRUN echo before it broke; exit 7\n" });
  const path = rig.path("report.html");
  const { status } = await rig.tsbuild(["build", ...base, "--report", path, context]);
  assert.equal(status, 1);
  const page = readFileSync(path, "utf8");
  assert.match(
    page,
    /class="state bad">failed<[^]*RUN_FAILED[^]*exit code 7[^]*<details id="step-\d+" open>[^]*before it broke/,
  );
});
