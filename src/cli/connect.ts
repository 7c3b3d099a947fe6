import { Runyard } from "../../client/src/index.ts";
import { type Connection, connectionFilePath, readConnection } from "./connection-file.ts";
import { CommandError, exitCodes } from "./exit-code.ts";

const defaultUrl = "http://127.0.0.1:8787";

/**
 * Where the server is and with which key: `--url`, RUNYARD_URL and RUNYARD_API_KEY, then the connection file, then the
 * default address. The file's key goes to the file's server only.
 */
export function findConnection(
  options: { url?: string },
  environment: Readonly<Record<string, string | undefined>>,
): Connection {
  const given = options.url ?? nonEmpty(environment.RUNYARD_URL);
  const apiKey = nonEmpty(environment.RUNYARD_API_KEY);
  const file =
    given === undefined || apiKey === undefined ? readConnection(connectionFilePath(environment)) : undefined;
  const url = given ?? file?.url ?? defaultUrl;
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new CommandError(exitCodes.usage, `${url} is not an http or https URL.`, {
      hint: `Expected for example ${defaultUrl}.`,
    });
  }
  const fileKey = file !== undefined && sameServer(file.url, url) ? file.apiKey : undefined;
  const key = apiKey ?? fileKey;
  return key === undefined ? { url } : { url, apiKey: key };
}

export function connect(options: { url?: string }, environment: Readonly<Record<string, string | undefined>>): Runyard {
  return new Runyard(findConnection(options, environment));
}

function sameServer(left: string, right: string): boolean {
  return URL.parse(left)?.href.replace(/\/+$/, "") === URL.parse(right)?.href.replace(/\/+$/, "");
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}
