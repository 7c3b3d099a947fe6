import type { Readable, Writable } from "node:stream";

/** What a command needs of the process around it. */
export interface Terminal {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean };
  environment: Readonly<Record<string, string | undefined>>;
  /** Calls back on a signal, instead of ending the process, until the returned function is called. */
  onSignal(signal: "SIGINT" | "SIGTERM", callback: () => void): () => void;
}

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

const styleCodes: Record<Style, readonly [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Styles a text for one stream: unchanged when that is no terminal or NO_COLOR is set (https://no-color.org). */
export function styler(
  stream: { isTTY?: boolean },
  environment: Terminal["environment"],
): (style: Style, text: string) => string {
  const isPlain = stream.isTTY !== true || (environment.NO_COLOR ?? "") !== "" || environment.TERM === "dumb";
  if (isPlain) return (_style, text) => text;
  return (style, text) => `\u001b[${styleCodes[style][0]}m${text}\u001b[${styleCodes[style][1]}m`;
}

/**
 * A text that others wrote, safe for a terminal: control characters, which could move the cursor or rewrite what was
 * shown, are taken out; line breaks and tabs stay. A pipe or a file gets the text as it is.
 */
export function forTerminal(stream: { isTTY?: boolean }, text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return stream.isTTY === true ? text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "") : text;
}
