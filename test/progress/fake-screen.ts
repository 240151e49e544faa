import type { Screen } from "../../builder/progress/types.ts";

/** A screen that remembers what was written. */
export interface FakeScreen extends Screen {
  text: string;
  columns: number;
  rows: number;
  resize(columns: number, rows: number): void;
}

export function fakeScreen(isTTY: boolean, columns = 80, rows = 24): FakeScreen {
  const listeners = new Set<() => void>();
  return {
    isTTY,
    columns,
    rows,
    text: "",
    write(text) {
      this.text += text;
    },
    onResize(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    resize(columns, rows) {
      this.columns = columns;
      this.rows = rows;
      for (const listener of listeners) listener();
    },
  };
}
