import {
  ApiError,
  AuthenticationError,
  ConnectionError,
  NotFoundError,
  PermissionError,
} from "../../client/src/index.ts";

import { SettingsError } from "../config/settings-error.ts";

/** What the process ends with. Part of the interface: scripts branch on it. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  unauthorised: 4,
  unreachable: 5,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The table for `--help`. */
export const exitCodeHelp = `
Exit codes: 0 ok, 1 failure, 2 wrong usage, 3 not found, 4 not authorised, 5 server unreachable, 130 interrupted.`;

/** A failure with something to say about what to do. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(exitCode: ExitCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CommandError";
    this.exitCode = exitCode;
    this.hint = options.hint;
  }
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof SettingsError) return exitCodes.usage;
  if (error instanceof CommandError) return error.exitCode;
  if (error instanceof ConnectionError) return exitCodes.unreachable;
  if (error instanceof AuthenticationError || error instanceof PermissionError) return exitCodes.unauthorised;
  if (error instanceof NotFoundError) return exitCodes.notFound;
  return exitCodes.failure;
}

/** What the reader can do about an error, where we know. */
export function hintOf(error: unknown): string | undefined {
  if (error instanceof CommandError) return error.hint;
  if (error instanceof ConnectionError) {
    return "Start a server with `runyard serve`, or point RUNYARD_URL (or --url) at one that runs. `runyard doctor` tells more.";
  }
  if (error instanceof AuthenticationError) {
    return "Set RUNYARD_API_KEY to a key of that server; it printed the first one when it first started.";
  }
  if (error instanceof PermissionError) return "Use a key with that scope; `runyard keys create --scope …` makes one.";
  if (error instanceof NotFoundError && error.code === "unknown") {
    return "Is this the URL of a Runyard server? It is given without `/v1`.";
  }
  if (error instanceof ApiError && error.code === "model_unavailable") {
    return "`runyard doctor` shows which models the server can use.";
  }
  return undefined;
}
