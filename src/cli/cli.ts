import type { Runyard } from "../../client/src/index.ts";
import { connect } from "./connect.ts";
import { forTerminal, styler, type Style, type Terminal } from "./terminal.ts";

export interface GlobalOptions {
  json?: boolean;
  url?: string;
}

/** What every command works with: the terminal, the global options, the server. */
export class Cli {
  readonly terminal: Terminal;
  readonly #options: () => GlobalOptions;

  constructor(terminal: Terminal, options: () => GlobalOptions) {
    this.terminal = terminal;
    this.#options = options;
  }

  get isJson(): boolean {
    return this.#options().json === true;
  }

  /** `--url` as it was given. */
  get url(): string | undefined {
    return this.#options().url;
  }

  /** A client of the server that the flags, the environment or the connection file name. */
  client(): Runyard {
    return connect(this.#options(), this.terminal.environment);
  }

  /** The result: JSON with `--json`, else as `render` writes it for people. */
  print<T>(value: T, render: (value: T) => string): void {
    if (this.isJson) this.write(`${JSON.stringify(value, null, 2)}\n`);
    else this.write(`${render(value)}\n`);
  }

  /** Raw text of the result. */
  write(text: string): void {
    this.terminal.stdout.write(forTerminal(this.terminal.stdout, text));
  }

  /** One line beside the result, on stderr. */
  note(text: string, style: Style = "dim"): void {
    const line = forTerminal(this.terminal.stderr, text);
    this.terminal.stderr.write(`${styler(this.terminal.stderr, this.terminal.environment)(style, line)}\n`);
  }
}
