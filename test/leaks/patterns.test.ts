import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesIn, matchesInSetting } from "../../builder/leaks/patterns.ts";

const a = (count: number): string => "a1B2".repeat(Math.ceil(count / 4)).slice(0, count);

test("matchesIn() knows tokens and keys by what their services begin them with", () => {
  const table: readonly (readonly [text: string, what: string])[] = [
    ["-----BEGIN PRIVATE KEY-----\nMII", "a private key"],
    ["-----BEGIN OPENSSH PRIVATE KEY-----", "a private key"],
    ["-----BEGIN RSA PRIVATE KEY-----", "a private key"],
    ["-----BEGIN PGP PRIVATE KEY BLOCK-----", "a private key"],
    [`key = AKIA${"Q".repeat(16)}`, "an AWS access key"],
    [`token: ghp_${a(36)}`, "a GitHub token"],
    [`github_pat_${a(40)}`, "a GitHub token"],
    [`glpat-${a(20)}`, "a GitLab token"],
    [`//registry.test/:_authToken=${a(20)}`, "an npm token"],
    [`NPM=npm_${a(36)}`, "an npm token"],
    [`pypi-AgEIcHlwaS5vcmc${a(60)}`, "a PyPI token"],
    [`dckr_pat_${a(27)}`, "a Docker Hub token"],
    [`xoxb-${"1".repeat(12)}-${a(12)}`, "a Slack token"],
    [`AIza${a(35)} `, "a Google API key"],
    [`sk_live_${a(24)}`, "a Stripe key"],
    [`sk-ant-${a(40)}`, "an Anthropic or OpenAI key"],
  ];
  for (const [text, what] of table)
    assert.deepEqual(
      matchesIn(`x\n${text}`).map((match) => match.what),
      [what],
      text,
    );
});

test("matchesIn() leaves alone what only looks alike", () => {
  const harmless = [
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "BEGIN PRIVATE KEY",
    "ghp_short",
    `XAKIA${"Q".repeat(16)}`,
    "//registry.test/:_authToken=${NPM_TOKEN}",
    "//registry.test/:_authToken=$NPM_TOKEN",
    "npm_config_registry",
    "sk_test_0123456789012345678901234567",
    "task-anthropic",
    a(5000),
  ];
  for (const text of harmless) assert.deepEqual(matchesIn(text), [], text);
});

test("matchesInSetting() finds passwords in addresses, and takes no variable for one", () => {
  assert.deepEqual(
    matchesInSetting("RUN git clone https://me:hunter22@git.test/x").map(({ what }) => what),
    ["a password in an address"],
  );
  for (const text of [
    "https://git.test/x",
    "https://me@git.test/x",
    "https://me:$TOKEN@git.test",
    "https://me:${TOKEN}@git.test",
    "https://me:***@git.test",
    "ssh://git@git.test:22/x",
    "postgres://user:<password>@host",
  ])
    assert.deepEqual(matchesInSetting(text), [], text);
});

test("patterns take linear time on text made against them", () => {
  for (const text of [
    "-----BEGIN ".repeat(20_000),
    "https://a:".repeat(20_000),
    `ghp_${"a".repeat(500_000)}`,
    ":_authToken=".repeat(40_000),
  ]) {
    const began = process.cpuUsage().user;
    matchesInSetting(text);
    assert.ok(process.cpuUsage().user - began < 5_000_000, text.slice(0, 20));
  }
});
