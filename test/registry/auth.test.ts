import assert from "node:assert/strict";
import { test } from "node:test";
import { redact } from "../../builder/core/redact.ts";
import { MEDIA_TYPES, type Descriptor } from "../../builder/image/types.ts";
import type { Credential } from "../../builder/registry/types.ts";
import { FakeRegistry, basicOf } from "../support/fake-registry.ts";
import { SIGNAL, collect, repositoryAt, says, testClient } from "./rig.ts";

const ALICE: Credential = { kind: "basic", username: "alice", password: "open-sesame" };
const USER = "alice:open-sesame";
const DATA = Buffer.alloc(100_000, "data");

function blobOf(registry: FakeRegistry): Descriptor {
  return { mediaType: MEDIA_TYPES.ociLayer, digest: registry.addBlob(DATA), size: DATA.length };
}

test("basic credentials are sent after a challenge, and from then on without one", async () => {
  await using registry = await FakeRegistry.start();
  registry.guard = { kind: "basic", user: USER };
  registry.addImage("team/app", "1", DATA);
  await using client = testClient({ credentials: { [registry.host]: ALICE } });
  const repository = repositoryAt(registry.host);
  await client.getManifest(repository, "1", SIGNAL);
  await client.getManifest(repository, "1", SIGNAL);
  const sent = registry.seen.map(({ authorization }) => authorization);
  assert.deepEqual(sent, [undefined, basicOf(USER), basicOf(USER)]);
});

test("a token is asked for with the credentials, once for many requests", async () => {
  await using registry = await FakeRegistry.start();
  registry.guard = { kind: "bearer", user: USER };
  registry.addImage("team/app", "1", DATA);
  const blob = blobOf(registry);
  await using client = testClient({ credentials: { [registry.host]: ALICE } });
  const repository = repositoryAt(registry.host);
  await client.getManifest(repository, "1", SIGNAL);
  await Promise.all([1, 2, 3].map(() => collect(client.getBlob(repository, blob, SIGNAL))));
  const asked = registry.seen.filter(({ path }) => path.startsWith("/token"));
  assert.deepEqual(
    asked.map(({ path, authorization }) => [decodeURIComponent(path), authorization]),
    [["/token?service=fake&scope=repository:team/app:pull", basicOf(USER)]],
  );
  assert.equal(redact(`x ${[...registry.tokens][0]}`), "x ***");
});

test("an anonymous token is asked for where there are no credentials", async () => {
  await using registry = await FakeRegistry.start();
  registry.guard = { kind: "bearer" };
  registry.addImage("team/app", "1", DATA);
  await using client = testClient();
  await client.getManifest(repositoryAt(registry.host), "1", SIGNAL);
  assert.equal(registry.seen.find(({ path }) => path.startsWith("/token"))?.authorization, undefined);
});

test("a token that expires in the middle is replaced", async () => {
  await using registry = await FakeRegistry.start();
  registry.guard = { kind: "bearer" };
  registry.addImage("team/app", "1", DATA);
  const blob = blobOf(registry);
  await using client = testClient();
  const repository = repositoryAt(registry.host);
  await client.getManifest(repository, "1", SIGNAL);
  registry.arm(
    "GET /v2/team/app/blobs",
    (_, response) => {
      response.writeHead(200, { "content-length": DATA.length });
      response.write(DATA.subarray(0, 1000), () => response.destroy());
      registry.tokens.clear();
      registry.tokens.add("another-one");
    },
    1,
  );
  assert.ok(DATA.equals(await collect(client.getBlob(repository, blob, SIGNAL))));
  assert.equal(registry.seen.filter(({ path }) => path.startsWith("/token")).length, 2);
});

test("a token with a short life is not used after it", async () => {
  await using registry = await FakeRegistry.start();
  registry.guard = { kind: "bearer", lifetime: 0 };
  registry.addImage("team/app", "1", DATA);
  await using client = testClient();
  await client.getManifest(repositoryAt(registry.host), "1", SIGNAL);
  await client.getManifest(repositoryAt(registry.host), "1", SIGNAL);
  assert.equal(registry.seen.filter(({ path }) => path.startsWith("/token")).length, 2);
});

test("an identity token goes to the token server in a form", async () => {
  await using registry = await FakeRegistry.start();
  registry.guard = { kind: "bearer" };
  registry.addImage("team/app", "1", DATA);
  let form = "";
  registry.arm("POST /token", (request, response) => {
    registry.tokens.add("from-refresh");
    request.on("data", (data) => {
      form += String(data);
    });
    request.on("end", () => response.end('{"access_token":"from-refresh"}'));
  });
  await using client = testClient({
    credentials: { [registry.host]: { kind: "identity", token: "refresh-me" } },
  });
  await client.getManifest(repositoryAt(registry.host), "1", SIGNAL);
  const fields = Object.fromEntries(new URLSearchParams(form));
  assert.deepEqual(fields, {
    grant_type: "refresh_token",
    refresh_token: "refresh-me",
    client_id: "tsbuild",
    scope: "repository:team/app:pull",
    service: "fake",
  });
});

test("refused credentials are an error that does not show them", async () => {
  for (const kind of ["basic", "bearer"] as const) {
    await using registry = await FakeRegistry.start();
    registry.guard = { kind, user: "alice:another" };
    await using client = testClient({ credentials: { [registry.host]: ALICE } });
    await assert.rejects(client.getManifest(repositoryAt(registry.host), "1", SIGNAL), (error: Error) => {
      assert.ok(says("REGISTRY_AUTH", /refused the credentials/)(error), error.message);
      assert.ok(!JSON.stringify(error).includes("sesame") && !error.message.includes("sesame"));
      return true;
    });
    assert.ok(registry.seen.length <= 3);
  }
});

test("a registry that wants credentials where there are none says where to get in", async () => {
  await using registry = await FakeRegistry.start();
  registry.guard = { kind: "basic", user: USER };
  await using client = testClient();
  await assert.rejects(client.getManifest(repositoryAt(registry.host), "1", SIGNAL), (error: Error) => {
    assert.ok(says("REGISTRY_AUTH", /does not exist or needs credentials/)(error), error.message);
    assert.ok("hint" in error && String(error.hint).includes(`tsbuild login ${registry.host}`));
    return true;
  });
  assert.equal(registry.seen.length, 1);
});

test("a redirect to another port gets no credentials, and its challenge is not met", async () => {
  await using registry = await FakeRegistry.start();
  await using foreign = await FakeRegistry.start();
  registry.guard = { kind: "basic", user: USER };
  registry.addImage("team/app", "1", DATA);
  const blob = blobOf(registry);
  await using client = testClient({ credentials: { [registry.host]: ALICE, [foreign.host]: ALICE } });
  const repository = repositoryAt(registry.host);
  await client.getManifest(repository, "1", SIGNAL);
  registry.arm("GET /v2/team/app/blobs", (_, response) => {
    response.writeHead(307, { location: `http://${foreign.host}/v2/team/app/blobs/${blob.digest}` }).end();
  });
  foreign.addBlob(DATA);
  assert.ok(DATA.equals(await collect(client.getBlob(repository, blob, SIGNAL))));
  foreign.guard = { kind: "basic", user: USER };
  await assert.rejects(collect(client.getBlob(repository, blob, SIGNAL)), says("REGISTRY_AUTH", /refused/));
  foreign.guard = { kind: "bearer", user: USER };
  await assert.rejects(collect(client.getBlob(repository, blob, SIGNAL)), says("REGISTRY_AUTH", /refused/));
  assert.deepEqual(
    foreign.seen.map(({ authorization }) => authorization),
    [undefined, undefined, undefined],
  );
});

test("a redirect back does not bring the credentials back", async () => {
  await using registry = await FakeRegistry.start();
  await using foreign = await FakeRegistry.start();
  registry.guard = { kind: "basic", user: USER };
  await using client = testClient({ credentials: { [registry.host]: ALICE } });
  registry.arm("GET /v2/team/app/manifests/1", (request, response) => {
    if (request.headers.authorization === undefined) {
      response.writeHead(401, { "www-authenticate": "Basic" }).end();
    } else response.writeHead(307, { location: `http://${foreign.host}/x` }).end();
  });
  foreign.arm("GET", (_, response) => {
    response.writeHead(307, { location: `http://${registry.host}/v2/team/app/manifests/2` }).end();
  });
  await assert.rejects(
    client.getManifest(repositoryAt(registry.host), "1", SIGNAL),
    says("REGISTRY_AUTH", /./),
  );
  assert.equal(registry.seen.at(-1)?.path, "/v2/team/app/manifests/2");
  assert.equal(registry.seen.at(-1)?.authorization, undefined);
});

for (const [what, realm] of [
  ["another kind of URL", "ftp://127.0.0.1/token"],
  ["no URL", "token"],
  ["a URL with a password", "https://a:b@127.0.0.1/token"],
  ["a cloud's metadata", "http://169.254.169.254/token"],
] as const) {
  test(`a token server that is ${what} gets nothing`, async () => {
    await using registry = await FakeRegistry.start();
    registry.guard = { kind: "bearer", realm };
    await using client = testClient({ credentials: { [registry.host]: ALICE } });
    await assert.rejects(
      client.getManifest(repositoryAt(registry.host), "1", SIGNAL),
      says("REGISTRY_AUTH", /Cannot log in to .*token server/),
    );
  });
}

for (const [what, body, message] of [
  ["a web page", "<html>", /not JSON/],
  ["no token", "{}", /no token/],
  ["null", "null", /no token/],
  ["a token that would split the header", '{"token":"a\\r\\nX-Evil: 1"}', /no token/],
  ["too much", `{"token":"${"a".repeat(300_000)}"}`, /longer than/],
] as const) {
  test(`a token server that sends ${what} is refused`, async () => {
    await using registry = await FakeRegistry.start();
    registry.guard = { kind: "bearer" };
    registry.arm("GET /token", (_, response) => void response.end(body));
    await using client = testClient();
    await assert.rejects(client.getManifest(repositoryAt(registry.host), "1", SIGNAL), message);
  });
}

test("a token server's 503 is tried again", async () => {
  await using registry = await FakeRegistry.start();
  registry.guard = { kind: "bearer" };
  registry.addImage("team/app", "1", DATA);
  registry.arm("GET /token", (_, response) => void response.writeHead(503).end(), 2);
  await using client = testClient();
  await client.getManifest(repositoryAt(registry.host), "1", SIGNAL);
  assert.equal(registry.seen.filter(({ path }) => path.startsWith("/token")).length, 3);
});

test("a mirror gets its own credentials and not those of the registry", async () => {
  await using origin = await FakeRegistry.start();
  await using mirror = await FakeRegistry.start();
  mirror.guard = { kind: "basic", user: USER };
  origin.addImage("team/app", "1", DATA);
  await using client = testClient({
    credentials: { [origin.host]: ALICE },
    registries: { [origin.host]: { mirrors: [mirror.host] } },
  });
  await client.getManifest(repositoryAt(origin.host), "1", SIGNAL);
  assert.deepEqual(
    mirror.seen.map(({ authorization }) => authorization),
    [undefined],
  );
});
