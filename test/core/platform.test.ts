import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPlatform, hostPlatform, parsePlatform } from "../../builder/core/platform.ts";

test("parsePlatform() reads a word alone as containerd does", () => {
  const own = hostPlatform().architecture;
  for (const [text, meant] of [
    ["arm64", "linux/arm64"],
    ["aarch64", "linux/arm64"],
    ["x86_64", "linux/amd64"],
    ["armhf", "linux/arm/v7"],
    ["riscv64", "linux/riscv64"],
    ["linux", `linux/${own}`],
    ["macos", `darwin/${own}`],
    ["arm/v6", "linux/arm/v6"],
  ])
    assert.equal(formatPlatform(parsePlatform(text ?? "")), meant);
});

test("parsePlatform() refuses what is neither an operating system nor an architecture", () => {
  for (const text of ["foo", "amd65", "alpine"]) {
    assert.throws(() => parsePlatform(text), { code: "PLATFORM_INVALID", message: /no architecture/ });
  }
  for (const text of ["", "a/b/c/d", "linux/", "li nux/amd64"]) {
    assert.throws(() => parsePlatform(text), { code: "PLATFORM_INVALID" });
  }
});
