import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Authority, withoutOpenssl } from "../support/certificates.ts";
import { startDockerRegistry, withoutDockerRegistry } from "../support/docker-registry.ts";
import { openRig } from "../support/rig.ts";
import { TokenServer } from "../support/token-server.ts";

const skip = withoutDockerRegistry() ?? withoutOpenssl() ?? false;

test("login, push, mount and pull work with a registry that trusts a token server", { skip }, async () => {
  using authority = new Authority();
  await using tokens = await TokenServer.start(authority.own, "alice:open-sesame");
  const { realm } = tokens;
  await using registry = await startDockerRegistry({ token: { realm, signer: authority.own.cert } });
  await using rig = openRig();
  const { host } = registry;
  const context = rig.context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" });
  const push = ["build", "-q", "-t", `${host}/team/app:1`, "--push", context];

  const stranger = await rig.tsbuild(push);
  assert.equal(stranger.status, 4);
  assert.match(stranger.stderr, new RegExp(`Cannot push ${host}/team/app.*\\n?.*tsbuild login ${host}`));

  const login = ["login", "-u", "alice", "--password-stdin", host];
  assert.equal((await rig.tsbuild(login, { input: "guessed" })).status, 4);
  assert.equal((await rig.tsbuild(login, { input: "open-sesame" })).status, 0);
  const pushed = await rig.tsbuild(push);
  assert.equal(pushed.status, 0, pushed.stderr);

  // Another name in another store: its layer is taken over from where it came from.
  const other = { TSBUILD_ROOT: rig.path("other-store") };
  const derived = rig.context({ Dockerfile: `FROM ${host}/team/app:1\nLABEL a=b\n` }, "derived");
  tokens.asked.length = 0;
  const second = ["build", "-q", "-t", `${host}/team/other:1`, "--push", derived];
  const mounted = await rig.tsbuild(second, { env: other });
  assert.equal(mounted.status, 0, mounted.stderr);
  assert.ok(
    tokens.asked.some((line) => line === "repository:team/other:pull,push repository:team/app:pull"),
    tokens.asked.join("\n"),
  );

  assert.equal((await rig.tsbuild(["logout", host])).status, 0);
  assert.deepEqual(JSON.parse(readFileSync(rig.path(".docker/config.json"), "utf8")), { auths: {} });
  assert.equal(
    (await rig.tsbuild(["pull", `${host}/team/other:1`], { env: { TSBUILD_ROOT: rig.path("third") } }))
      .status,
    0,
  );
});
