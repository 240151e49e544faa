import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { hexOf, sha256 } from "../core/digest.ts";
import { errnoOf } from "../core/errors.ts";
import { awaitRelease, isAlive } from "./dial.ts";
import { storeFailure } from "./failure.ts";
import type { Files } from "./files.ts";
import { namesIn } from "./names-in.ts";
import { Presence } from "./presence.ts";
import { socketOf } from "./session.ts";
import type { Lock, LockOptions, Locks } from "./types.ts";

const TICKET = /^([0-9a-f]{32})\.([1-9]\d{0,14})$/;

/** A place in the queue for a lock: the file locks/<lock>.<number>. */
interface Ticket {
  readonly lock: string;
  readonly number: number;
}

/**
 * Locks between processes that end with their holder, which flock(2) would give if Node had it. Who wants a lock takes a
 * ticket, a name of its own socket with a number above all others; the lowest ticket whose process lives has the lock.
 * Everybody waits for the one before, so the order is that of coming and nobody polls.
 *
 * Two processes can not both think that they are first: a ticket that finds a higher one beside it is given back, as its
 * number may have been used and freed before. So of two tickets the higher is always the later one, and sees the other.
 * Only who has a ticket removes those of the dead before it: a number below a living ticket is never given out again.
 */
class StoreLocks implements Locks {
  readonly #files: Files;
  readonly #presence: Presence;

  constructor(files: Files) {
    this.#files = files;
    this.#presence = new Presence(() => socketOf(dirname(files.path("tmp", files.session, "x"))));
  }

  async acquire(name: string, options: LockOptions = {}): Promise<Lock> {
    const { signal, onWait } = options;
    const ticket = await this.#take(lockOf(name));
    let waits = false;
    try {
      for (;;) {
        signal?.throwIfAborted();
        const before = this.#before(ticket);
        if (before === undefined) return this.#held(ticket);
        const fate = await awaitRelease(this.#path(before), fileOf(before), signal, () => {
          if (!waits) onWait?.();
          waits = true;
        });
        if (fate === "dead") rmSync(this.#path(before), { force: true });
      }
    } catch (error) {
      this.#giveBack(ticket);
      throw error;
    }
  }

  tryAcquire(name: string): Promise<Lock | undefined> {
    return this.#try(lockOf(name));
  }

  async share(name: string): Promise<Lock> {
    return this.#held(await this.#take(lockOf(name)));
  }

  close(): void {
    this.#presence[Symbol.dispose]();
  }

  /** Removes the tickets of the dead. */
  async sweep(): Promise<void> {
    const locks = new Set(this.#tickets().map(({ lock }) => lock));
    for (const lock of locks) {
      const last = this.#tickets().findLast((ticket) => ticket.lock === lock);
      if (last === undefined || (await isAlive(this.#path(last))) !== false) continue;
      // With a ticket of one's own: else the number might be given out again before the file is removed.
      (await this.#try(lock))?.[Symbol.dispose]();
    }
  }

  async #try(lock: string): Promise<Lock | undefined> {
    const ticket = await this.#take(lock);
    try {
      for (;;) {
        const before = this.#before(ticket);
        if (before === undefined) return this.#held(ticket);
        const alive = await isAlive(this.#path(before));
        if (alive === true) break;
        if (alive === false) rmSync(this.#path(before), { force: true });
      }
    } catch (error) {
      this.#giveBack(ticket);
      throw error;
    }
    this.#giveBack(ticket);
    return undefined;
  }

  async #take(lock: string): Promise<Ticket> {
    for (;;) {
      const number = Math.max(0, ...this.#queue(lock).map((ticket) => ticket.number)) + 1;
      const ticket = { lock, number };
      try {
        await this.#presence.hold(this.#path(ticket), fileOf(ticket));
      } catch (error) {
        if (errnoOf(error) === "EEXIST") continue;
        throw storeFailure(error, "lock", this.#path(ticket));
      }
      if (this.#queue(lock).every((other) => other.number <= number)) return ticket;
      this.#giveBack(ticket);
    }
  }

  #held(ticket: Ticket): Lock {
    return { [Symbol.dispose]: () => this.#giveBack(ticket) };
  }

  #giveBack(ticket: Ticket): void {
    // First the file: who is hung up on looks again at once.
    rmSync(this.#path(ticket), { force: true });
    this.#presence.release(fileOf(ticket));
  }

  /** The ticket next to one's own, towards the first. */
  #before({ lock, number }: Ticket): Ticket | undefined {
    return this.#queue(lock).findLast((other) => other.number < number);
  }

  #queue(lock: string): Ticket[] {
    return this.#tickets().filter((ticket) => ticket.lock === lock);
  }

  #tickets(): Ticket[] {
    return namesIn(join(this.#files.root, "locks"))
      .map((name) => TICKET.exec(name))
      .flatMap((match) => (match === null ? [] : [{ lock: match[1] ?? "", number: Number(match[2]) }]))
      .sort((a, b) => a.number - b.number);
  }

  #path(ticket: Ticket): string {
    return this.#files.path("locks", fileOf(ticket));
  }
}

/** The locks of a store, as one session has them. */
export function openLocks(files: Files): StoreLocks {
  return new StoreLocks(files);
}

function lockOf(name: string): string {
  return hexOf(sha256(name)).slice(0, 32);
}

function fileOf({ lock, number }: Ticket): string {
  return `${lock}.${number}`;
}
