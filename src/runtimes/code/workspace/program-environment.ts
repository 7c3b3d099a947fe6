import { RunyardError } from "../../../contract/errors.ts";

export interface ProgramEnvironment {
  /** Everything that the process gets, but for what the sandbox sets. */
  variables: Record<string, string>;
  /** Those of the caller that it got: they are written to `.env`, too. */
  given: Record<string, string>;
  /** Values that belong into no event. */
  secrets: Record<string, string>;
  /** Names that the caller gave and that the process has otherwise, or not at all. */
  leftOut: string[];
}

/** The kernel takes no longer one, name, `=` and the byte at the end included. @see https://man7.org/linux/man-pages/man2/execve.2.html */
export const maxVariableBytes = 128 * 1024;
/** Of all that the caller gives: arguments and environment share a quarter of the stack. */
const maxGivenBytes = 1024 * 1024;

/**
 * How programs are found, loaded and connected is the sandbox's business: a caller who could set these by accident would
 * break the program, and would win nothing by doing it on purpose, since the code is the caller's as well.
 */
const reserved = new Set(
  (
    "PATH HOME PWD TERM SHELL PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONUNBUFFERED PYTHONSAFEPATH NODE_OPTIONS NODE_PATH " +
    "NODE_USE_ENV_PROXY BASH_ENV ENV IFS " +
    "CHARM_WORKSPACE_DIR CHARM_USER_ID CHARM_INPUT_FILE CHARM_HISTORY CHARM_MEMORY_FILE"
  ).split(" "),
);

function isReserved(name: string): boolean {
  return reserved.has(name) || name.startsWith("LD_") || /^(?:https?|all|no|ftp)_proxy$/i.test(name);
}

/** Platforms have spelled these two ways; a program finds either. */
const tokenNames = ["GOOGLE", "GITHUB", "SLACK", "NOTION"].map(
  (service) => [`${service}_ACCESS_TOKEN`, `${service}_OAUTH_TOKEN`] as const,
);

/**
 * Puts together what a program finds in its environment: the caller's variables over the operator's, ours over both.
 *
 * @param sources.given of the caller
 * @param sources.operator those of the operator's settings that the version names
 * @param sources.own what we set
 * @throws RunyardError `preparation_failed` when a process cannot be started with them
 */
export function programEnvironment(sources: {
  given: Readonly<Record<string, string>>;
  operator: Readonly<Record<string, string>>;
  own: Readonly<Record<string, string>>;
}): ProgramEnvironment {
  const { operator, own } = sources;
  const given: Record<string, string> = {};
  const leftOut: string[] = [];
  let bytes = 0;
  for (const [name, value] of Object.entries(sources.given)) {
    if (!isVariable(name, value) || isReserved(name)) {
      if (own[name] !== value) leftOut.push(name);
      continue;
    }
    given[name] = value;
    bytes += checkedSize(name, value);
  }
  if (bytes > maxGivenBytes) {
    throw new RunyardError(
      "preparation_failed",
      `The environment variables have ${bytes} bytes together; a program can be given ${maxGivenBytes}. ` +
        "Send what is long in the input or as a file.",
    );
  }
  const variables = { ...operator, ...given };
  for (const [access, oauth] of tokenNames) {
    const token = variables[access] ?? variables[oauth];
    if (token === undefined) continue;
    variables[access] ??= token;
    variables[oauth] ??= token;
  }
  // Also what did not come through: it may be a secret all the same.
  return { variables: { ...variables, ...own }, given, secrets: { ...operator, ...sources.given }, leftOut };
}

function isVariable(name: string, value: string): boolean {
  return /^[A-Za-z_][\w.-]*$/.test(name) && !value.includes("\0");
}

function checkedSize(name: string, value: string): number {
  const size = Buffer.byteLength(name) + Buffer.byteLength(value) + 2;
  if (size <= maxVariableBytes) return size;
  throw new RunyardError(
    "preparation_failed",
    `The environment variable ${name} has ${size} bytes; a program can be given ${maxVariableBytes} in one. ` +
      "Send it in the input or as a file.",
  );
}

/** The text of `.env`: a line for each variable, in double quotes, with line ends, quotes and backslashes escaped. */
export function dotenvText(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      const escaped = value
        .replaceAll("\\", "\\\\")
        .replaceAll('"', '\\"')
        .replaceAll("\n", "\\n")
        .replaceAll("\r", "\\r");
      return `${name}="${escaped}"\n`;
    })
    .join("");
}
