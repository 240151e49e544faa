import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExecMount } from "../../builder/graph/types.ts";
import { execOf, plan, refusal } from "../graph/planning.ts";

const BIND = { type: "bind", source: "/", readonly: true } as const;
const CACHE = {
  type: "cache",
  sharing: "shared",
  readonly: false,
  source: "/",
  mode: 0o755,
  uid: 0,
  gid: 0,
} as const;
const SECRET = { type: "secret", required: false, mode: 0o400, uid: 0, gid: 0 } as const;

// Input 0 is the base, input 1 what is mounted.
const cases: readonly (readonly [mount: string, expected: ExecMount])[] = [
  ["target=/x", { ...BIND, target: "/x", input: 1 }],
  ["type=bind,src=a/../b,dst=rel,rw", { ...BIND, source: "/b", target: "/w/rel", input: 1, readonly: false }],
  ["type=bind,from=tools,source=/bin,target=/t", { ...BIND, source: "/bin", target: "/t", input: 1 }],
  ["type=bind,from=ALPINE,target=/t,readonly=false", { ...BIND, target: "/t", input: 1, readonly: false }],
  ["type=bind,from=scratch,target=/t", { type: "tmpfs", target: "/t" }],
  ["type=bind", { ...BIND, target: "/w", input: 1 }],
  ["type=cache,target=/c/", { ...CACHE, target: "/c", id: "/c" }],
  ["type=cache,target=~/.npm", { ...CACHE, target: "/w/~/.npm", id: "~/.npm" }],
  [
    "type=cache,id=$id,target=/c,sharing=LOCKED,ro,mode=0700,uid=1,gid=2",
    { ...CACHE, target: "/c", id: "npm", sharing: "locked", readonly: true, mode: 0o700, uid: 1, gid: 2 },
  ],
  ["type=cache,target=/c,from=tools,source=/s", { ...CACHE, target: "/c", id: "/c", input: 1, source: "/s" }],
  ["type=tmpfs,target=/t", { type: "tmpfs", target: "/t" }],
  ["type=tmpfs,target=/t,size=1.5g", { type: "tmpfs", target: "/t", size: 1.5 * 1024 ** 3 }],
  ["type=tmpfs,target=/t,size=64MiB", { type: "tmpfs", target: "/t", size: 64 * 1024 ** 2 }],
  ["type=secret,id=a", { ...SECRET, id: "a", target: "/run/secrets/a" }],
  ["type=secret,target=/root/.npmrc", { ...SECRET, id: ".npmrc", target: "/root/.npmrc" }],
  ["type=secret,id=a,env=TOKEN", { ...SECRET, id: "a", env: "TOKEN" }],
  ["type=secret,id=a,env=TOKEN,target=/t", { ...SECRET, id: "a", env: "TOKEN", target: "/t" }],
  [
    "type=secret,source=a/b,required,mode=444,uid=5",
    { ...SECRET, id: "a/b", target: "/run/secrets/b", required: true, mode: 0o444, uid: 5 },
  ],
  [
    "type=ssh",
    {
      type: "ssh",
      id: "default",
      target: "/run/buildkit/ssh_agent.0",
      required: false,
      mode: 0o600,
      uid: 0,
      gid: 0,
    },
  ],
  [
    "type=ssh,id=git,target=/s,required=true",
    { type: "ssh", id: "git", target: "/s", required: true, mode: 0o600, uid: 0, gid: 0 },
  ],
  [`type=bind,'"target=/a,b"'`, { ...BIND, target: "/a,b", input: 1 }],
];

for (const [mount, expected] of cases) {
  test(`planBuild() takes --mount=${mount}`, async () => {
    const text = `FROM alpine AS tools\nFROM debian\nENV id=npm\nWORKDIR /w\nRUN --mount=${mount} x`;
    const { mounts } = execOf(await plan(text, {}, { ALPINE: {} }));
    assert.deepEqual(mounts, [expected]);
  });
}

const wrong: readonly (readonly [mount: string, problem: RegExp, fix?: string])[] = [
  ["type=bnid,target=/x", /"bnid" is not a mount type/, 'did you mean "bind"?'],
  ["type=cache,tagret=/x", /"tagret" is not an option of a mount/, 'did you mean "target"?'],
  ["type=cache,target=/x,sharing=lock", /"lock" is not a sharing/, "write one of shared, private, locked"],
  ["target=/x,mode=0700", /"mode" is not an option of a bind mount/],
  ["type=cache,target=/x,required", /"required" is not an option of a cache mount/],
  ["type=cache,target", /"target" has no value/],
  ["type=cache,target=/x,mode=9", /"mode=9" is not an octal number/],
  ["type=cache,target=/x,uid=-1", /"uid=-1" is not a number/],
  ["type=bind,target=/", /cannot cover the root directory/],
  ["type=bind,target=/x,ro=maybe", /"ro=maybe" is neither true nor false/],
  ["type=tmpfs,target=/x,size=big", /"size=big" is not a size/],
  ["type=secret", /a secret needs an id/],
  ["type=secret,id=a,source=b", /both id and source/],
  ["type=ssh,source=/x", /"source" is not an option of a ssh mount/],
  [`type=bind,'target="/a b"'`, /a quote stands inside a field/],
  ["type=bind,from=$stage,target=/x", /variables are not expanded there/],
  ["type=bind,from=7,target=/x", /Cannot copy from stage 7/],
];

for (const [mount, problem, fix] of wrong) {
  test(`planBuild() refuses --mount=${mount}`, async () => {
    const error = await refusal(`FROM debian\nRUN --mount=${mount} x`);
    assert.equal(error.code, "DOCKERFILE_INVALID");
    assert.equal(error.diagnostics.length, 1);
    assert.match(error.message, problem);
    assert.equal(error.diagnostics[0]?.range.start.line, 1);
    if (fix !== undefined) assert.equal(error.diagnostics[0]?.fix, fix);
  });
}

test("planBuild() numbers the sockets of several ssh mounts", async () => {
  const { mounts } = execOf(await plan("FROM debian\nRUN --mount=type=ssh --mount=type=ssh,id=b x"));
  assert.deepEqual(
    mounts.map(({ target }) => target),
    ["/run/buildkit/ssh_agent.0", "/run/buildkit/ssh_agent.1"],
  );
});

test("planBuild() puts cache mounts into the namespace of BUILDKIT_CACHE_MOUNT_NS, and names the host", async () => {
  const buildArgs = { BUILDKIT_CACHE_MOUNT_NS: "team", BUILDKIT_SANDBOX_HOSTNAME: "box" };
  const graph = await plan("FROM debian\nRUN --mount=type=cache,id=npm,target=/c x", { buildArgs });
  const { mounts, hostname } = execOf(graph);
  assert.deepEqual(mounts, [{ ...CACHE, target: "/c", id: "team/npm" }]);
  assert.equal(hostname, "box");
  assert.deepEqual(graph.warnings, []);
});
