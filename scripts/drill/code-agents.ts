import type { DrillClient } from "./drill-client.ts";
import { makeBundle } from "../../test/support/make-bundle.ts";
import { z } from "zod";

/** Agents of user code: what becomes of a run that dies with the server, and what it is written in. */
export type CodeAgents = Record<"pythonOnce" | "pythonAgain" | "nodeOnce" | "nodeAgain", string>;

/** The same as daemons: one process for all runs. */
export type DaemonAgents = Record<"pythonOnce" | "nodeAgain", string>;

const madeSchema = z.object({ id: z.string() });

/**
 * Both programs leave a mark in their workspace when they begin and when they are through, each in one write, and name the
 * note that they were called with; `test/support/invariants/program-marks.ts` reads them.
 */
const pythonProgram = `
import os, time

def mark(word, note):
    with open(os.environ["CHARM_WORKSPACE_DIR"] + "/marks", "a") as file:
        file.write(word + " " + note + "\\n")

def run(inputs):
    note = inputs["note"]
    mark("begin", note)
    for piece in range(inputs.get("pieces", 1)):
        print("piece " + str(piece) + " of " + note, flush=True)
        time.sleep(inputs.get("pauseMs", 0) / 1000)
    if inputs.get("fails"):
        raise ValueError("asked to fail")
    mark("end", note)
    return {"note": note}
`;

const nodeProgram = `
import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
const { note, pieces = 1, pauseMs = 0 } = JSON.parse(readFileSync(process.env.CHARM_INPUT_FILE, "utf8"));
const mark = (word) => appendFileSync(process.env.CHARM_WORKSPACE_DIR + "/marks", word + " " + note + "\\n");
mark("begin");
for (let piece = 0; piece < pieces; piece += 1) {
  console.log("piece " + piece + " of " + note);
  await pause(pauseMs);
}
mark("end");
`;

/** Makes them by the API, out of two bundles. */
export async function createCodeAgents(
  client: DrillClient,
  key: string,
): Promise<{ code: CodeAgents; daemons: DaemonAgents }> {
  const python = await upload(client, key, { "agent.py": pythonProgram });
  const node = await upload(client, key, { "main.mjs": nodeProgram });
  const agent = async (name: string, more: Record<string, unknown>): Promise<string> => {
    const definition = { runtime: "code", name, memoryBytes: 256 * 1024 * 1024, timeoutMs: 60_000, ...more };
    return (await client.create(key, "/v1/agents", definition, madeSchema)).id;
  };
  const ofPython = { bundle: python, adapter: "python", entryPoint: "agent:run" };
  const ofNode = { bundle: node, adapter: "node", entryPoint: "node main.mjs" };
  return {
    code: {
      pythonOnce: await agent("python-once", { ...ofPython, onCrash: "fail" }),
      pythonAgain: await agent("python-again", { ...ofPython, onCrash: "rerun" }),
      nodeOnce: await agent("node-once", { ...ofNode, onCrash: "fail" }),
      nodeAgain: await agent("node-again", { ...ofNode, onCrash: "rerun" }),
    },
    daemons: {
      pythonOnce: await agent("python-daemon", { ...ofPython, lifecycle: "daemon", onCrash: "fail" }),
      nodeAgain: await agent("node-daemon", { ...ofNode, lifecycle: "daemon", onCrash: "rerun" }),
    },
  };
}

async function upload(client: DrillClient, key: string, files: Record<string, string>): Promise<string> {
  const content = new Blob([new Uint8Array(await makeBundle(files))], { type: "application/gzip" });
  return (await client.upload(key, { name: "bundle.tar.gz", content }, madeSchema)).id;
}
