import { mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { z } from "zod";
import { RunyardError } from "../../contract/errors.ts";
import { type Outbound, OutboundError, type OutboundResponse } from "../../egress/outbound.ts";
import type { LocalModelEntry, ModelSource } from "./catalogue.ts";
import { acceptDownload, modelPath, modelsFolder } from "./model-file.ts";
import type { OnPullProgress } from "./pull-progress.ts";
import { noModel } from "./ways-to-get-a-model.ts";

type HubSource = Extract<ModelSource, { type: "hub" }>;

export interface HubPull {
  dataDir: string;
  outbound: Outbound;
  /** Base URL of the hub or a mirror of it, without a slash at the end. */
  hubUrl: string;
  onProgress: OnPullProgress;
  signal: AbortSignal;
}

export const publicHubUrl = "https://huggingface.co";

const maxHops = 5;

/**
 * Fetches one file of the hub. The catalogue has no hash for it, so the one in the hub's answer is what the file is
 * checked against: this finds a broken or mixed-up download, not a hub that lies. A download that breaks off stays as
 * `<file>.part` and is taken up where it ended, as long as the hub still has the same file.
 * @returns the path of the checked model file
 * @throws RunyardError `model_unavailable` that says what to do; `cancelled`
 * @see https://huggingface.co/docs/hub/api for the `resolve` path, and the `X-Linked-Etag` header that its answer carries
 */
export async function pullFromHub(entry: LocalModelEntry, source: HubSource, pull: HubPull): Promise<string> {
  await mkdir(modelsFolder(pull.dataDir), { recursive: true });
  const part = `${modelPath(entry, pull.dataDir)}.part`;
  const kept = await findPart(part);
  const answer = await openFile(entry, source, pull, kept);
  // From here on the part on disk belongs to this very hash, also if we are stopped half-way.
  await writeFile(partNotePath(part), JSON.stringify({ sha256: answer.sha256 }));
  await receive(entry, part, answer, pull);
  pull.onProgress({ phase: "checking", bytesDone: answer.totalBytes ?? 0, bytesTotal: answer.totalBytes });
  const path = await acceptDownload(entry, pull.dataDir, { path: part, sha256: answer.sha256, signal: pull.signal });
  await rm(partNotePath(part), { force: true });
  return path;
}

interface Part {
  sha256: string;
  bytes: number;
}

interface HubAnswer {
  sha256: string;
  /** Where the body begins in the file; 0 unless the hub took up the part we had. */
  startsAt: number;
  totalBytes: number | undefined;
  /** Undefined when the part was already whole. */
  body: OutboundResponse["body"] | undefined;
}

const partNoteSchema = z.object({ sha256: z.string() });

function partNotePath(part: string): string {
  return `${part}.json`;
}

/** The kept part of an earlier try, when we know of which file it is. */
async function findPart(part: string): Promise<Part | undefined> {
  try {
    const note = partNoteSchema.parse(JSON.parse(await readFile(partNotePath(part), "utf8")));
    return { sha256: note.sha256, bytes: (await stat(part)).size };
  } catch {
    return undefined;
  }
}

/** Follows the hub's redirects by hand, because the hash is in the head of a redirect and not in the last answer. */
async function openFile(
  entry: LocalModelEntry,
  source: HubSource,
  pull: HubPull,
  kept: Part | undefined,
): Promise<HubAnswer> {
  let url = `${pull.hubUrl}/${source.repository}/resolve/main/${source.file}`;
  let sha256: string | undefined;
  for (let hop = 0; hop < maxHops; hop += 1) {
    const from = kept !== undefined && (sha256 === undefined || kept.sha256 === sha256) ? kept.bytes : 0;
    const response = await ask(entry, pull, url, from);
    sha256 ??= hashIn(response);
    const location = header(response, "location");
    if (response.status >= 300 && response.status < 400 && location !== undefined) {
      discard(response);
      url = new URL(location, url).href;
      continue;
    }
    if (from > 0 && sha256 !== undefined && sha256 !== kept?.sha256) {
      // The hub has another file by now: the part is worth nothing, ask again for all of it.
      discard(response);
      return openFile(entry, source, pull, undefined);
    }
    return readHead(entry, pull, response, { sha256, from });
  }
  throw noModel(`The model hub at ${pull.hubUrl} redirected more than ${maxHops} times for ${entry.name}.`);
}

function readHead(
  entry: LocalModelEntry,
  pull: HubPull,
  response: OutboundResponse,
  asked: { sha256: string | undefined; from: number },
): HubAnswer {
  const refuse = (message: string, retryable: boolean): never => {
    discard(response);
    throw noModel(message, { retryable });
  };
  const { status } = response;
  if (status === 416 && asked.sha256 !== undefined && asked.from > 0) {
    discard(response);
    return { sha256: asked.sha256, startsAt: asked.from, totalBytes: asked.from, body: undefined };
  }
  if (status !== 200 && status !== 206) {
    const reason = status === 401 || status === 403 || status === 404 ? "no such file, or not a public one" : "a fault";
    return refuse(
      `The model hub at ${pull.hubUrl} answered ${status} for ${entry.name}: ${reason}.`,
      status === 429 || status >= 500,
    );
  }
  if (asked.sha256 === undefined) {
    return refuse(
      `The model hub at ${pull.hubUrl} gave no SHA-256 for ${entry.name}, so that the download cannot be checked. ` +
        "Mirrors must pass the hub's X-Linked-Etag header on.",
      false,
    );
  }
  const startsAt = status === 206 ? asked.from : 0;
  const length = Number(header(response, "content-length") ?? Number.NaN);
  return {
    sha256: asked.sha256,
    startsAt,
    totalBytes: Number.isFinite(length) ? startsAt + length : undefined,
    body: response.body,
  };
}

async function receive(entry: LocalModelEntry, part: string, answer: HubAnswer, pull: HubPull): Promise<void> {
  if (answer.body === undefined) return;
  const total = answer.totalBytes ?? (entry.bytes || undefined);
  let bytesDone = answer.startsAt;
  const report = (): void => pull.onProgress({ phase: "downloading", bytesDone, bytesTotal: total });
  report();
  const stop = (): void => void answer.body?.destroy(new Error("cancelled"));
  pull.signal.addEventListener("abort", stop, { once: true });
  try {
    // Not a write stream: it would drop what it has not written yet when the body breaks off, and that is what we keep.
    await using file = await open(part, answer.startsAt > 0 ? "r+" : "w");
    for await (const chunk of answer.body) {
      await file.writev([Buffer.from(chunk)], bytesDone);
      bytesDone += chunk.length;
      report();
      if (pull.signal.aborted) break;
    }
    pull.signal.throwIfAborted();
  } catch (error) {
    if (pull.signal.aborted) throw new RunyardError("cancelled", "The download was cancelled.", { cause: error });
    throw new RunyardError(
      "model_unavailable",
      `The download of ${entry.name} broke off after ${bytesDone} bytes. They are kept: pull again to go on from there.`,
      { cause: error },
    );
  } finally {
    pull.signal.removeEventListener("abort", stop);
  }
}

async function ask(entry: LocalModelEntry, pull: HubPull, url: string, from: number): Promise<OutboundResponse> {
  try {
    return await pull.outbound.request({
      url,
      headers: {
        // Compressed, the bytes would not be those of the file and could not be taken up again.
        "accept-encoding": "identity",
        ...(from > 0 ? { range: `bytes=${from}-` } : {}),
      },
      signal: pull.signal,
      maxBodyBytes: Number.POSITIVE_INFINITY,
    });
  } catch (error) {
    if (pull.signal.aborted) throw new RunyardError("cancelled", "The download was cancelled.", { cause: error });
    if (!(error instanceof OutboundError) && !(error instanceof RunyardError)) throw error;
    throw noModel(
      `${entry.name} comes from the model hub, which cannot be reached at ${pull.hubUrl} (${error.message}). Check the ` +
        "network, or set HF_ENDPOINT to a mirror that this machine reaches.",
      { cause: error, retryable: true },
    );
  }
}

/** The file's SHA-256: the hub gives it as the (strong, quoted) tag of the large file behind a redirect. */
function hashIn(response: OutboundResponse): string | undefined {
  const tag = header(response, "x-linked-etag") ?? header(response, "etag");
  return tag?.match(/^(?:W\/)?"?([0-9a-f]{64})"?$/)?.[1];
}

/** Leaves a body unread; destroying one is reported as its error, which nobody needs to hear. */
function discard(response: OutboundResponse): void {
  response.body.on("error", () => {}).destroy();
}

function header(response: OutboundResponse, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
