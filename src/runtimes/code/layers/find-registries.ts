import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { RunyardError } from "../../../contract/errors.ts";
import type { Sandbox } from "../../../sandbox/sandbox.ts";
import { hostOf, packageHostEntries } from "./registry-hosts.ts";

export interface RegistrySettings {
  /** Absent: as pip or npm is configured on this machine, or what it takes by itself. */
  pythonIndexUrl?: string;
  npmRegistryUrl?: string;
  /** `name` or `name:port`. */
  packageHosts: readonly string[];
}

export interface Registry {
  url: string;
  /** Further indexes that are looked into besides. */
  extraUrls: readonly string[];
  /** All that an installation from it may reach, `host:port` each. */
  hosts: readonly string[];
  /** Certificate files that its installer is configured to trust. */
  certificateFiles: readonly string[];
}

/** What pip would do here: its own parser joins its files, its environment and its defaults. */
const askPip = `
import json, os, ssl
from pip._internal.commands import create_command
from pip._internal.models.index import PyPI
options, _ = create_command("install").parse_args([])
paths = ssl.get_default_verify_paths()
print(json.dumps({
  "index": options.index_url, "extra": options.extra_index_urls, "default": PyPI.simple_url,
  "files": PyPI.file_storage_domain, "certificates": [p for p in (options.cert, paths.cafile) if p],
  "uv": os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL"),
}))
`;

const pipAnswerSchema = z.object({
  index: z.string().nullable(),
  extra: z.array(z.string()),
  default: z.string(),
  files: z.string(),
  certificates: z.array(z.string()),
  uv: z.string().nullable(),
});

const npmAnswerSchema = z.object({ registry: z.string(), cafile: z.string().nullish() });

/**
 * Finds where Python packages come from. pip is asked on this machine, outside the sandbox, and starts no connection.
 * @throws `preparation_failed` when there is no setting and no pip to ask
 */
export async function findPythonRegistry(tools: Sandbox["tools"], settings: RegistrySettings): Promise<Registry> {
  const answer = await askJson(sourceOf(tools, "python3"), ["-c", askPip], pipAnswerSchema);
  const extraHosts = packageHostEntries(settings.packageHosts);
  const certificateFiles = answer?.certificates ?? [];
  if (settings.pythonIndexUrl !== undefined) {
    const hosts = [hostOf(settings.pythonIndexUrl), ...extraHosts];
    return { url: settings.pythonIndexUrl, extraUrls: [], hosts, certificateFiles };
  }
  if (answer === undefined) throw nobodyToAsk("Python", "pip");
  const configured = [answer.index, answer.uv].find((url) => url !== null && url !== answer.default) ?? undefined;
  const url = configured ?? answer.default;
  // Files of the default index lie on a host of their own.
  const fileHosts = configured === undefined ? [`${answer.files}:443`] : [];
  return {
    url,
    extraUrls: answer.extra,
    hosts: [hostOf(url), ...fileHosts, ...answer.extra.map((extra) => hostOf(extra)), ...extraHosts],
    certificateFiles,
  };
}

/**
 * Finds where npm packages come from. npm is asked on this machine, outside the sandbox, and starts no connection.
 * @throws `preparation_failed` when there is no setting and no npm to ask
 */
export async function findNpmRegistry(tools: Sandbox["tools"], settings: RegistrySettings): Promise<Registry> {
  const folder = sourceOf(tools, "npm");
  const answer =
    folder === undefined
      ? undefined
      : await askJson(
          sourceOf(tools, "node"),
          [join(folder, "bin/npm-cli.js"), "config", "list", "--json"],
          npmAnswerSchema,
        );
  const url = settings.npmRegistryUrl ?? answer?.registry;
  if (url === undefined) throw nobodyToAsk("npm", "npm");
  const hosts = [hostOf(url), ...packageHostEntries(settings.packageHosts)];
  const cafile = answer?.cafile ?? "";
  return { url, extraUrls: [], hosts, certificateFiles: cafile === "" ? [] : [cafile] };
}

async function askJson<T>(
  program: string | undefined,
  args: readonly string[],
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  if (program === undefined) return undefined;
  try {
    // In a folder that nobody's project configures.
    const { stdout } = await promisify(execFile)(program, args, { cwd: "/", timeout: 30_000 });
    return schema.parse(JSON.parse(stdout));
  } catch {
    return undefined;
  }
}

function sourceOf(tools: Sandbox["tools"], wanted: Sandbox["tools"][number]["name"]): string | undefined {
  return tools.find(({ name }) => name === wanted)?.source;
}

function nobodyToAsk(what: string, program: string): RunyardError {
  return new RunyardError(
    "preparation_failed",
    `Where ${what} packages come from is not known: ${program} is not installed here to be asked. ` +
      `Install ${program}, or set the address of the registry.`,
  );
}
