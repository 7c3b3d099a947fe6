import { styler, type Terminal } from "./terminal.ts";

/** Shows long work: one line that is drawn again and again in a terminal, a plain line now and then elsewhere. */
export interface Progress {
  /** @param total undefined when not known */
  update(what: string, done: number, total: number | undefined): void;
  /** Leaves the line as it is; what comes next begins on a line of its own. */
  finish(): void;
}

/** @param now milliseconds of any clock that only moves forward */
export function showProgress(terminal: Terminal, now: () => number = () => performance.now()): Progress {
  return terminal.stderr.isTTY === true ? drawnBar(terminal, now) : plainLines(terminal);
}

function drawnBar(terminal: Terminal, now: () => number): Progress {
  const style = styler(terminal.stderr, terminal.environment);
  let drawnAt = -Infinity;
  let isDrawn = false;
  return {
    update(what, done, total) {
      const isLast = total !== undefined && done >= total;
      if (!isLast && now() - drawnAt < 100) return;
      drawnAt = now();
      isDrawn = true;
      const bar = total === undefined ? "" : ` ${style("cyan", renderBar(done, total, 24))}`;
      terminal.stderr.write(`\r\u001b[K${what}${bar} ${renderAmount(done, total)}`);
    },
    finish() {
      if (isDrawn) terminal.stderr.write("\n");
      isDrawn = false;
    },
  };
}

function plainLines(terminal: Terminal): Progress {
  let shown = { what: "", part: -1 };
  return {
    update(what, done, total) {
      // Each quarter once; without a total each further 32 MiB. A total that is corrected may take the count back.
      const part = total === undefined ? Math.floor(done / 2 ** 25) : Math.floor((4 * done) / Math.max(total, 1));
      if (what === shown.what && part <= shown.part) return;
      shown = { what, part };
      terminal.stderr.write(`${what} ${renderAmount(done, total)}\n`);
    },
    finish() {},
  };
}

function renderBar(done: number, total: number, width: number): string {
  const filled = total === 0 ? width : Math.min(width, Math.floor((done / total) * width));
  return "█".repeat(filled) + "░".repeat(width - filled);
}

function renderAmount(done: number, total: number | undefined): string {
  if (total === undefined) return megabytes(done);
  const percent = total === 0 ? 100 : Math.min(100, Math.floor((100 * done) / total));
  return `${percent} % of ${megabytes(total)}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
