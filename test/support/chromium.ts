import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

/** Why there is no browser to look at pages with; undefined where there is. */
export function whyNoBrowser(): string | undefined {
  return spawnSync("chromium", ["--version"]).status === 0 ? undefined : "chromium is not installed";
}

/** A page that is open in a browser. */
export interface BrowserPage extends AsyncDisposable {
  /** All that the console said, and exceptions. */
  readonly complaints: readonly string[];
  resize(width: number, height: number): Promise<void>;
  /** The value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: Record<string, unknown>;
  readonly error?: unknown;
}

/** Opens a page in a headless Chromium, which is asked over a pipe: Chrome DevTools Protocol, messages ended by NUL. */
export async function openPage(url: string): Promise<BrowserPage> {
  const profile = mkdtempSync(join(tmpdir(), "tsbuild-chromium-"));
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
  ];
  const child = spawn("chromium", [...flags, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    env: { ...process.env, HOME: profile },
  });
  const talk = new Conversation(child);
  const { targetId } = await talk.ask("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await talk.ask("Target.attachToTarget", { targetId, flatten: true });
  const session = String(sessionId);
  for (const domain of ["Runtime", "Log", "Page"]) await talk.ask(`${domain}.enable`, {}, session);
  const loaded = talk.once("Page.loadEventFired");
  await talk.ask("Page.navigate", { url }, session);
  await loaded;
  return {
    complaints: talk.complaints,
    async resize(width, height) {
      const metrics = { width, height, deviceScaleFactor: 1, mobile: width < 600 };
      await talk.ask("Emulation.setDeviceMetricsOverride", metrics, session);
    },
    async evaluate<T>(expression: string) {
      const { result } = await talk.ask("Runtime.evaluate", { expression, returnByValue: true }, session);
      return (result as { value: T }).value;
    },
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

class Conversation {
  readonly complaints: string[] = [];
  readonly #out: Writable;
  readonly #asked = new Map<number, (answer: Message) => void>();
  readonly #awaited = new Map<string, () => void>();
  #count = 0;
  #rest = "";

  constructor(child: ChildProcess) {
    this.#out = child.stdio[3] as Writable;
    const input = child.stdio[4] as Readable;
    input.setEncoding("utf8").on("data", (text: string) => {
      const parts = (this.#rest + text).split("\0");
      this.#rest = parts.pop() ?? "";
      for (const part of parts) this.#take(JSON.parse(part) as Message);
    });
  }

  ask(method: string, params: object, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#count;
    this.#out.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
    return new Promise((resolve, reject) => {
      this.#asked.set(id, ({ result, error }) =>
        result === undefined ? reject(new Error(`${method}: ${JSON.stringify(error)}`)) : resolve(result),
      );
    });
  }

  once(method: string): Promise<void> {
    return new Promise((resolve) => this.#awaited.set(method, resolve));
  }

  #take(message: Message): void {
    if (message.id !== undefined) this.#asked.get(message.id)?.(message);
    const { method = "" } = message;
    if (/consoleAPICalled|exceptionThrown|entryAdded/.test(method))
      this.complaints.push(JSON.stringify(message.params));
    this.#awaited.get(method)?.();
  }
}
