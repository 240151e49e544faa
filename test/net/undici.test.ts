import assert from "node:assert/strict";
import { test } from "node:test";
import { loadUndici } from "../../builder/net/undici.ts";

test("loadUndici() gives the classes that undici itself gives, with what requests are made with", async () => {
  const { Agent, ProxyAgent } = await loadUndici();
  for (const method of ["request", "connect"] as const)
    assert.equal(typeof Agent.prototype[method], "function");
  const whole = await import("undici");
  assert.equal(Agent, whole.Agent);
  assert.equal(ProxyAgent, whole.ProxyAgent);
});
