import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StoredEvent } from "../../src/contract/events.ts";
import { newId } from "../../src/contract/ids.ts";
import { type CodeRuns, startCodeRuns } from "../support/code-runs.ts";

let runs: CodeRuns;
beforeAll(async () => {
  runs = await startCodeRuns();
});
afterAll(async () => runs[Symbol.asyncDispose]());

const main = `
import os, time

def note(text):
    with open(os.environ["CHARM_WORKSPACE_DIR"] + "/log.txt", "a") as file:
        file.write(text)

def run(inputs):
    what = inputs.get("do")
    if what == "begin":
        note("x")
        print("begun", flush=True)
        time.sleep(1 if os.path.getsize(os.environ["CHARM_WORKSPACE_DIR"] + "/log.txt") > 1 else 600)
    if what == "flood":
        while True:
            print("y" * 1000000)
    if what == "history":
        with open(os.environ["CHARM_MEMORY_FILE"]) as file:
            return [inputs["history"], os.environ["CHARM_HISTORY"], file.read()]
    if what == "variables":
        print(os.environ["API_KEY"])
        return [os.environ["CHARM_USER_ID"], os.environ["API_KEY"], os.environ["PATH"]]
    if what == "state":
        return {"status": "success", "output": inputs.get("__charm_state__"), "charm_state": "bmV4dA=="}
    if what == "exit":
        raise SystemExit(4)
    return open(os.environ["CHARM_WORKSPACE_DIR"] + "/log.txt").read()
`;

const daemon = (changes: object = {}) =>
  runs.agent({ files: { "main.py": main }, entryPoint: "main:run", lifecycle: "daemon", ...changes });

const failureOf = (log: readonly StoredEvent[]) =>
  log.find((event) => event.type === "execution-failed")?.body.error ?? log.at(-1);
const outputOf = (log: readonly StoredEvent[]) =>
  log.find((event) => event.type === "execution-completed")?.body.output;
const said = (event: StoredEvent) => event.type === "reasoning-delta" && event.body.text.includes("begun");

describe("a run of a daemon whose server dies", () => {
  test("has an unknown outcome, and is not run again", async () => {
    const agent = await daemon();
    const organizationId = newId();
    const id = await runs.start(agent, { organizationId, input: { do: "begin" } });
    await runs.test.event(id, said);
    await runs.crash();
    const log = await runs.test.end(id);
    expect(failureOf(log)).toMatchObject({ code: "outcome_unknown" });
    expect(outputOf(await runs.run(agent, { organizationId }))).toBe("x");
  });

  test("is begun again when its version says that it may be", async () => {
    const agent = await daemon({ onCrash: "rerun" });
    const id = await runs.start(agent, { input: { do: "begin" } });
    await runs.test.event(id, said);
    await runs.crash();
    expect(outputOf(await runs.test.end(id))).toBe("xx");
  });
});

describe("a run of a daemon", () => {
  test("that prints without end is ended, and the next one finds a daemon", async () => {
    const agent = await daemon();
    const log = await runs.run(agent, { input: { do: "flood" } });
    expect(failureOf(log)).toMatchObject({ code: "program_limit" });
    expect(failureOf(await runs.run(agent))).toMatchObject({ code: "program_failed" }); // there is no log yet
  });

  test("gets its history in all its places, and its state as it was given", async () => {
    const agent = await daemon();
    const history = [{ role: "user", content: "hi" }];
    const text = JSON.stringify(history);
    expect(outputOf(await runs.run(agent, { input: { do: "history" }, history }))).toEqual([history, text, text]);
    const log = await runs.run(agent, { input: { do: "state" }, state: "c3RhdGU=" });
    expect(outputOf(log)).toBe("c3RhdGU=");
    expect(log.find(({ type }) => type === "state-saved")).toMatchObject({ body: { state: "bmV4dA==" } });
  });

  test("finds the variables of its caller, not those of the run before, and says none of their values", async () => {
    const agent = await daemon();
    const organizationId = newId();
    const run = (variables: Record<string, string>) =>
      runs.run(agent, { organizationId, input: { do: "variables" }, variables });
    const log = await run({ API_KEY: "a secret of a run", PATH: "/elsewhere" });
    expect(outputOf(log)).toEqual(["user", "[API_KEY_REDACTED]", expect.not.stringContaining("elsewhere")]);
    expect(JSON.stringify(log)).not.toContain("a secret of");
    expect(log.filter(({ type }) => type === "status-noted")).toContainEqual(
      expect.objectContaining({ body: { text: "Left out of the environment, which the sandbox sets itself: PATH" } }),
    );
    expect(failureOf(await run({}))).toMatchObject({
      code: "program_failed",
      message: expect.stringMatching("API_KEY"),
    });
  });

  test("that exits fails with its code, and the daemon goes on", async () => {
    const agent = await daemon();
    const log = await runs.run(agent, { input: { do: "exit" } });
    expect(log.find(({ type }) => type === "process-finished")).toMatchObject({ body: { exitCode: 4 } });
    expect(failureOf(log)).toMatchObject({ code: "program_failed" });
  });

  test("of an adapter that is not here says what is missing", async () => {
    const log = await runs.run(await daemon({ adapter: "openclaw" }));
    expect(failureOf(log)).toMatchObject({ code: "preparation_failed" });
  });
});
