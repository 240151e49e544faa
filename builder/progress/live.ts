import { INITIAL, reduce } from "./model.ts";
import { Painter } from "./paint.ts";
import { sanitize } from "./sanitize.ts";
import { renderFrame } from "./tty.ts";
import type { Progress, Screen, Style } from "./types.ts";
import { warningsText } from "./warnings.ts";

/** No more than 20 frames a second, and one from time to time where nothing happens, for the clocks (ms). */
const FRAME = 50;
const CLOCK = 200;

/** A display that is drawn over and over while the build runs; events only change the state, so that they cost little. */
export function liveProgress(options: {
  readonly screen: Screen;
  readonly title: string;
  readonly style: Style;
}): Progress {
  const { screen, title, style } = options;
  const painter = new Painter(screen);
  let state = INITIAL;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const draw = (final: boolean): void => {
    const now = Date.now();
    // One row less than there are: a frame that fills the screen would scroll it.
    const height = final ? Infinity : screen.rows - 1;
    painter.paint(renderFrame(state, { title, width: screen.columns, height, now, style, final }));
  };
  const later = (delay: number): void => {
    timer = setTimeout(() => {
      draw(false);
      later(CLOCK);
      soon = false;
    }, delay).unref();
  };
  let soon = false;
  const stopResize = screen.onResize(() => draw(false));

  return {
    emit(event) {
      if (closed) return;
      state = reduce(state, event);
      if (soon) return;
      soon = true;
      clearTimeout(timer);
      later(FRAME);
    },
    close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      stopResize();
      draw(true);
      painter.release();
      const remarks = state.remarks.map((remark) => `${style.yellow(sanitize(remark))}\n`);
      const rest = remarks.join("") + warningsText(state.warnings, style, screen.columns);
      if (rest !== "") screen.write(rest);
    },
  };
}
