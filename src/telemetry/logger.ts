import { type DestinationStream, destination, pino } from "pino";
import { prettyLine } from "./pretty-line.ts";
import { describeError, redactFields, scrubSecrets } from "./redact.ts";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

type SonicBoom = ReturnType<typeof destination>;

/** Of lines that the system has not taken yet. */
const maxWaitingBytes = 4 * 1024 * 1024;

/** Ids and figures as fields, never inside the sentence; an error as `err`. */
export type LogFields = Record<string, unknown>;
type LogCall = (fields: LogFields, message: string) => void;

/** The log of one subsystem. Prompts, keys and contents of files do not belong here at any level. */
export interface Logger {
  trace: LogCall;
  debug: LogCall;
  info: LogCall;
  warn: LogCall;
  error: LogCall;
  fatal: LogCall;
  isLevelEnabled(level: Exclude<LogLevel, "silent">): boolean;
  /** A logger which adds `fields` to each line. */
  child(fields: LogFields): Logger;
}

export interface LoggingOptions {
  level: LogLevel;
  /** `auto` is pretty in a terminal and JSON lines elsewhere. */
  format: "auto" | "json" | "pretty";
  /** Takes whole lines; default: standard output. */
  destination?: { write(line: string): void };
}

export interface Logging extends AsyncDisposable {
  logger(subsystem: string): Logger;
}

/**
 * The process's log. Key-like fields are hidden at any depth, and keys inside texts and stack traces as well.
 * Disposing writes out what is buffered.
 */
export function createLogging(options: LoggingOptions): Logging {
  const pretty = options.format === "pretty" || (options.format === "auto" && process.stdout.isTTY);
  // Lines are handed to the system beside the event loop; what is buffered at an exit is written by pino. With a
  // minLength of 0 its flush would not wait for the write under way.
  const file =
    options.destination === undefined && !pretty
      ? destination({ dest: 1, sync: false, minLength: 1, maxLength: maxWaitingBytes })
      : undefined;
  if (file !== undefined) outliveFailedWrites(file);
  const target: DestinationStream = file ?? terminalOr(options.destination, pretty);

  const root = pino(
    {
      level: options.level,
      base: {}, // no pid and host name: whoever collects lines adds them
      formatters: { log: redactFields, bindings: redactFields },
      serializers: { err: (error: unknown) => describeError(error) },
      hooks: { streamWrite: scrubSecrets },
    },
    target,
  );
  const loggers = new Map<string, Logger>();
  return {
    logger(subsystem) {
      const known = loggers.get(subsystem) ?? root.child({ subsystem });
      loggers.set(subsystem, known);
      return known;
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        if (file === undefined) resolve();
        else file.flush(() => resolve());
      });
    },
  };
}

/**
 * A log that cannot be written (a full disk) stops neither the server nor its end. Lines wait for the disk up to a bound,
 * then the newest are dropped. Without a listener the library throws, and then tries for ever to write what is left while
 * the process exits.
 */
function outliveFailedWrites(file: SonicBoom): void {
  let failing = false;
  file.on("error", () => (failing = true));
  file.on("write", () => (failing = false));
  const flushSync = file.flushSync.bind(file);
  file.flushSync = () => {
    if (!failing) flushSync();
  };
}

function terminalOr(given: LoggingOptions["destination"], pretty: boolean): DestinationStream {
  const target = given ?? process.stdout;
  if (!pretty) return target;
  const colour = given === undefined && process.stdout.hasColors?.();
  return { write: (line) => void target.write(prettyLine(line, { colour: colour === true })) };
}
