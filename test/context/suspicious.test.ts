import assert from "node:assert/strict";
import { test } from "node:test";
import { whySuspicious } from "../../builder/context/suspicious.ts";
import { bytesOf } from "../../builder/core/bytes.ts";

test("whySuspicious() knows what usually should not be copied", () => {
  const suspicious = [
    ".env",
    "app/.env.production",
    ".env.local",
    "home/.aws/credentials",
    ".docker/config.json",
    ".npmrc",
    "deploy/id_rsa",
    "tls/server.key",
    "server-key.pem",
    "private.key",
    "certs/key.pem",
    "release.jks",
  ];
  for (const path of suspicious) assert.notEqual(whySuspicious(bytesOf(path), "file"), undefined, path);
  for (const path of ["a/.git", "node_modules", "web/node_modules", ".ssh", "__pycache__"])
    assert.notEqual(whySuspicious(bytesOf(path), "directory"), undefined, path);
});

test("whySuspicious() leaves alone what has a like name", () => {
  const usual = [
    ".env.example",
    ".env.sample",
    "environment",
    "id_rsa.pub",
    "monkey.pem",
    "keyboard.ts",
    "config.json",
    "credentials",
    "cert.pem",
    ".gitignore",
    "monkey",
    "hotkey.ts",
  ];
  for (const path of usual) assert.equal(whySuspicious(bytesOf(path), "file"), undefined, path);
  assert.equal(whySuspicious(bytesOf("node_modules"), "file"), undefined);
  assert.equal(whySuspicious(bytesOf(".env"), "directory"), undefined, "a virtual environment of Python");
});
