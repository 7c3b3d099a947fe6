import { describe, expect, test } from "vitest";
import type { DomainEvent, StoredEvent } from "../../../contract/events.ts";
import { RunRenderer, type WireEvent } from "./render-event.ts";
import { framesOf } from "./run-frames.ts";

const context = { runId: "r-1", threadId: "t-1", createdAt: 1000, urlOf: (id: string) => `https://x/${id}` };

function stored(events: readonly DomainEvent[]): StoredEvent[] {
  return events.map((event, index) => ({
    ...event,
    executionId: "e",
    seq: index + 1,
    attempt: 1,
    step: 0,
    at: 1000 + 10 * index,
  }));
}

function render(...events: DomainEvent[]): WireEvent[] {
  const renderer = new RunRenderer(context);
  return stored(events).flatMap((event) => renderer.render(event));
}

const delta = (text: string): DomainEvent => ({ type: "text-delta", body: { text } });
const output = (value: string): DomainEvent => ({
  type: "output-produced",
  body: { key: "final", type: "markdown", value },
});
const failed = (code: "program_failed" | "program_timeout" | "outcome_unknown"): DomainEvent => ({
  type: "execution-failed",
  body: { error: { code, message: "went wrong" } },
});
const processEnded = (exitCode: number): DomainEvent => ({
  type: "process-finished",
  body: { exitCode, reason: "exited", durationMs: 5 },
});
const finished = (exit_code: number, duration_ms: number): WireEvent => ({
  type: "internal_run_finished",
  content: { exit_code, duration_ms },
});

describe("the result", () => {
  test("is the program's output, once, whatever the execution says besides", () => {
    expect(render(output("a"), output("b"), { type: "execution-completed", body: { output: "c" } })).toEqual([
      { type: "final", content: "a", format: "markdown" },
      finished(0, 20),
    ]);
  });

  test("of an agent that only talks is its output, shown by its kind", () => {
    const completed = (value: string | null | object): DomainEvent => ({
      type: "execution-completed",
      body: { output: JSON.parse(JSON.stringify(value)) },
    });
    expect(render(completed("text"))[0]).toEqual({ type: "final", content: "text", format: "markdown" });
    expect(render(completed([1]))[0]).toEqual({ type: "final", content: [1], format: "json" });
    const chart = { _charm_render_type: "bar_chart" };
    expect(render(completed(chart))[0]).toEqual({ type: "final", content: chart, format: "rich_component" });
  });

  test("is the joined deltas when nothing else says it", () => {
    const events = render(delta("Three "), delta(""), delta("points"), { type: "execution-completed", body: {} });
    expect(events).toEqual([
      { type: "delta", content: "Three " },
      { type: "delta", content: "points" },
      { type: "final", content: "Three points", format: "markdown" },
      finished(0, 30),
    ]);
  });

  test("is missing where a person is asked", () => {
    const asked: DomainEvent = { type: "suspension-noted", body: { threadId: null, nextStep: { ask: 1 } } };
    expect(render(asked, { type: "execution-completed", body: { output: { status: "suspended" } } })).toEqual([
      { type: "control", status: "suspended", thread_id: "t-1", next_step: { ask: 1 } },
      finished(0, 10),
    ]);
  });
});

describe("a failure", () => {
  test("is told once, by the program's own word, and never ends with 0", () => {
    const noted: DomainEvent = { type: "failure-noted", body: { message: "kaboom" } };
    expect(render(noted, processEnded(0), failed("program_failed"))).toEqual([
      { type: "error", content: "kaboom" },
      finished(1, 20),
    ]);
    expect(render(noted, processEnded(7), failed("program_failed")).at(-1)).toEqual(finished(7, 20));
  });

  test("is told by ours when there is none, with the code of its kind", () => {
    expect(render(failed("program_timeout"))).toEqual([{ type: "error", content: "went wrong" }, finished(124, 0)]);
    expect(render(failed("outcome_unknown"))).toEqual([{ type: "error", content: "went wrong" }, finished(1, 0)]);
    expect(render({ type: "execution-cancelled", body: {} })).toEqual([
      { type: "error", content: "The run was cancelled." },
      finished(130, 0),
    ]);
  });
});

test("everything a run says has its event", () => {
  expect(
    render(
      { type: "execution-queued", body: { input: {} } },
      { type: "status-noted", body: { text: "Preparing" } },
      { type: "reasoning-delta", body: { text: "hm\n" } },
      { type: "tool-usage-noted", body: { tool: "search", count: 2 } },
      { type: "state-saved", body: { state: "e30=" } },
      { type: "file-produced", body: { fileId: "f", name: "a.txt", type: "text/plain", sizeBytes: 1 } },
      { type: "program-event-noted", body: { event: { type: "custom", any: [1] } } },
      { type: "program-event-noted", body: { event: { type: "internal_run_finished", content: {} } } },
      { type: "program-event-noted", body: { event: { no: "type" } } },
      { type: "step-finished", body: { name: "run", durationMs: 1 } },
    ),
  ).toEqual([
    { type: "status", content: "Run accepted", run_id: "r-1" },
    { type: "status", content: "Preparing" },
    { type: "thinking", content: "hm\n" },
    { type: "tool_usage", tool: "search", count: 2 },
    { type: "state_update", content: "e30=" },
    { type: "artifact", content: { name: "a.txt", url: "https://x/f", mime: "text/plain" } },
    { type: "custom", any: [1] },
  ]);
});

test("a page that is read twice comes out the same", () => {
  const events = stored([
    delta("a"),
    output("b"),
    { type: "failure-noted", body: { message: "c" } },
    { type: "execution-completed", body: { output: "d" } },
  ]);
  const renderer = new RunRenderer(context);
  const first = events.map((event) => renderer.render(event));
  expect(events.map((event) => renderer.render(event))).toEqual(first);
});

test("frames are single lines for every reader", () => {
  const text = framesOf([
    { type: "delta", content: "a\nb\u2028c\u0085d" },
    { type: "delta", content: "e" },
  ]);
  expect(text).toBe(
    'data: {"type":"delta","content":"a\\nb\\u2028c\\u0085d"}\n\ndata: {"type":"delta","content":"e"}\n\n',
  );
});
