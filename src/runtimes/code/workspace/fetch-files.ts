import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { RunyardError } from "../../../contract/errors.ts";
import type { CodeParts } from "../code-parts.ts";
import { fileName } from "./run-input.ts";

const maxFiles = 50;
const maxFileBytes = 100 * 1024 * 1024;
const maxTotalBytes = 250 * 1024 * 1024;
/** For all files together. */
const patienceMs = 120_000;
const sideBySide = 4;

/**
 * Puts the caller's files into a folder: http and https URLs are fetched through the guard, data URLs are decoded.
 * @param files URL by key; the file gets the base name of the key
 * @throws RunyardError `preparation_failed` naming the file, and what is wrong with it; the signal's reason
 */
export async function fetchFiles(
  files: Readonly<Record<string, string>>,
  folder: string,
  outbound: Pick<CodeParts["outbound"], "request">,
  signal: AbortSignal,
): Promise<void> {
  const wanted = Object.entries(files).map(([key, url]) => ({ name: fileName(key), url }));
  if (wanted.length === 0) return;
  if (wanted.length > maxFiles) throw failed(`There are ${wanted.length} files; a run may have ${maxFiles}.`);
  const names = new Set(wanted.map(({ name }) => name));
  if (names.size < wanted.length)
    throw failed("Two files have the same name. Keys may differ in more than their folders.");
  const limited = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  let total = 0;
  const fetchNext = async (): Promise<void> => {
    for (let file = wanted.shift(); file !== undefined; file = wanted.shift()) {
      const { name, url } = file;
      try {
        total += await fetchOne(url, join(folder, name), outbound, limited);
      } catch (error) {
        wanted.length = 0;
        if (signal.aborted) throw signal.reason;
        if (limited.aborted) throw failed(`The files did not come within ${patienceMs / 1000} seconds.`);
        // The address may hold a signature, so only the reason is told.
        throw failed(
          `The file "${name}" cannot be had: ${error instanceof Error ? error.message : "unknown error"}`,
          error,
        );
      }
      if (total > maxTotalBytes) throw failed(`The files have more than ${maxTotalBytes} bytes together.`);
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, fetchNext));
}

async function fetchOne(
  url: string,
  path: string,
  outbound: Pick<CodeParts["outbound"], "request">,
  signal: AbortSignal,
): Promise<number> {
  if (/^data:/i.test(url)) {
    const content = decodeDataUrl(url);
    if (content.length > maxFileBytes) throw new Error(`it has more than ${maxFileBytes} bytes`);
    await writeFile(path, content, { flag: "wx", mode: 0o600 });
    return content.length;
  }
  const { status, body } = await outbound.request({ url, signal, maxRedirects: 5, maxBodyBytes: maxFileBytes });
  if (status < 200 || status > 299) {
    body.destroy();
    throw new Error(`its address answered with status ${status}`);
  }
  const file = createWriteStream(path, { flags: "wx", mode: 0o600 });
  await pipeline(body, file, { signal });
  return file.bytesWritten;
}

/** @see https://datatracker.ietf.org/doc/html/rfc2397 */
function decodeDataUrl(url: string): Buffer {
  const comma = url.indexOf(",");
  if (comma < 0) throw new Error("its data URL has no comma");
  const isBase64 = /;\s*base64\s*$/i.test(url.slice(0, comma));
  const text = url.slice(comma + 1);
  if (isBase64) {
    const compact = text.includes("%") ? decodePercent(text).toString("latin1") : text;
    if (!/^[\w+/\s-]*={0,2}\s*$/.test(compact)) throw new Error("its data URL is not base64");
    return Buffer.from(compact, "base64");
  }
  return decodePercent(text);
}

function decodePercent(text: string): Buffer {
  if (/%(?![0-9a-f]{2})/i.test(text)) throw new Error("its data URL has a broken escape");
  return Buffer.concat(
    text
      .split(/(%[0-9a-f]{2})/i)
      .map((part) => (part.startsWith("%") ? Buffer.from(part.slice(1), "hex") : Buffer.from(part, "utf8"))),
  );
}

function failed(message: string, cause?: unknown): RunyardError {
  return new RunyardError("preparation_failed", message, { cause });
}
