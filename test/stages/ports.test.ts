import assert from "node:assert/strict";
import { test } from "node:test";
import { plan, problemsOf, refusal } from "../graph/planning.ts";

const cases: readonly (readonly [spec: string, ports: readonly string[]])[] = [
  ["80", ["80/tcp"]],
  ["53/UDP", ["53/udp"]],
  ["9/sctp 8", ["8/tcp", "9/sctp"]],
  ["8000-8002", ["8000/tcp", "8001/tcp", "8002/tcp"]],
  ["$ports", ["1/tcp", "2/udp"]],
  ["127.0.0.1:8080:80", ["80/tcp"]],
  ["[::1]:8080:80", ["80/tcp"]],
  ["8000-8001:80-81", ["80/tcp", "81/tcp"]],
  ["80/", ["80/tcp"]],
  ["0", ["0/tcp"]],
];

for (const [spec, ports] of cases) {
  test(`planBuild() takes EXPOSE ${spec} (rule 9)`, async () => {
    const { target, diagnostics } = await plan(`FROM debian\nENV ports="1 2/udp"\nEXPOSE ${spec}`);
    assert.deepEqual(Object.keys(target.config.ExposedPorts ?? {}).toSorted(), ports);
    const rules = diagnostics.map(({ rule }) => rule);
    const casing = /[A-Z]/.test(spec) ? ["ExposeProtoCasing"] : [];
    assert.deepEqual(rules, spec.includes(":") ? ["ExposeInvalidFormat"] : casing);
  });
}

const wrong: readonly (readonly [spec: string, problem: RegExp])[] = [
  ["65536", /not a port from 0 to 65535/],
  ["80-79", /not a port/],
  ["http", /not a port/],
  ["80/tpc", /"tpc" is not a protocol/],
  ["/tcp", /not a port/],
  ["1.2.3:80:80", /"1.2.3" is not an IP address/],
  ["x:80", /"x" is not a host port/],
  ["1-2:1-3", /differ in length/],
];

for (const [spec, problem] of wrong) {
  test(`planBuild() refuses EXPOSE ${spec}`, async () => {
    const error = await refusal(`FROM debian\nEXPOSE ${spec}`);
    assert.match(problemsOf(error).join("\n"), problem);
  });
}
