import assert from "node:assert/strict";
import { test } from "node:test";
import { isSignal } from "../../builder/stages/signals.ts";

const cases: Readonly<Record<string, boolean>> = {
  SIGTERM: true,
  term: true,
  "9": true,
  "40": true,
  "0": false,
  "-1": false,
  SIGRTMIN: true,
  "SIGRTMIN+3": true,
  "RTMIN+15": true,
  "RTMIN+16": false,
  "RTMAX-14": true,
  "RTMAX-15": false,
  "RTMAX+1": false,
  SIGSIGTERM: false,
  TERMINATE: false,
  "": false,
};

for (const [signal, expected] of Object.entries(cases)) {
  test(`isSignal() is ${expected} for "${signal}"`, () => {
    assert.equal(isSignal(signal), expected);
  });
}
