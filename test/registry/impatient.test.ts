import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import { impatient } from "../../builder/registry/impatient.ts";
import type { RegistryClient, TransferProgress } from "../../builder/registry/types.ts";
import { SIGNAL, repositoryAt, says, testClient } from "./rig.ts";

const AT = repositoryAt("registry.test");
const DIGEST = sha256("");
const BLOB = { mediaType: "", digest: DIGEST, size: 100 };

/** Time that passes when it is told to. */
function clock(t: TestContext): (ms: number) => Promise<void> {
  let now = 1000;
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(performance, "now", () => now);
  return async (ms) => {
    now += ms;
    t.mock.timers.tick(ms);
    await turn();
  };
}

/** Ends when somebody gives it up. */
function forever(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

function client(methods: Partial<RegistryClient>): RegistryClient {
  return impatient({ ...testClient(), ...methods }, 15_000);
}

async function* twoPieces(): AsyncGenerator<Buffer> {
  yield Buffer.from("a");
  yield Buffer.from("b");
}

test("impatient() gives a silent registry up, and asks it nothing more", async (t) => {
  const pass = clock(t);
  let asked = 0;
  const hasBlob: RegistryClient["hasBlob"] = (_at, _digest, signal) => (asked++, forever(signal));
  const { hasBlob: ask, getBlob } = client({ hasBlob });
  const outcome = assert.rejects(
    ask(AT, DIGEST, SIGNAL),
    says("NETWORK", /^Cannot reach registry\.test: nothing came from it for 15 s$/),
  );
  await pass(14_999);
  await pass(1);
  await outcome;
  await assert.rejects(ask(AT, DIGEST, SIGNAL), says("NETWORK", /for 15 s/));
  await assert.rejects(getBlob(AT, BLOB, SIGNAL)[Symbol.asyncIterator]().next(), says("NETWORK", /for 15 s/));
  assert.equal(asked, 1);
});

test("impatient() waits for a registry that is slow, and longer where it stores a whole blob", async (t) => {
  const pass = clock(t);
  const reports: TransferProgress[] = [];
  const putBlob: RegistryClient["putBlob"] = (_at, _blob, _open, signal, progress) => {
    if (progress !== undefined) reports.push(progress);
    return forever(signal);
  };
  const { putBlob: put, hasBlob } = client({ putBlob, hasBlob: (_at, _digest, signal) => forever(signal) });
  let isOver = false;
  const upload = put(AT, BLOB, async function* () {}, SIGNAL).finally(() => (isOver = true));
  upload.catch(() => {});
  // A question beside it is not answered; that the upload goes on shows that somebody is there.
  const question = hasBlob(AT, DIGEST, SIGNAL);
  question.catch(() => {});
  for (let current = 10; current <= 100; current += 10) {
    await pass(14_000);
    reports[0]?.(current, 100);
  }
  await pass(15_000);
  await assert.rejects(question, says("NETWORK", /for 15 s/));
  await pass(44_999);
  assert.equal(isOver, false);
  await pass(1);
  await assert.rejects(upload, says("NETWORK", /for 15 s/));
});

test("impatient() lets readers of a blob take their time", async (t) => {
  const pass = clock(t);
  let read = "";
  for await (const piece of client({ getBlob: twoPieces }).getBlob(AT, BLOB, SIGNAL)) {
    read += String(piece);
    await pass(60_000);
  }
  assert.equal(read, "ab");
});
