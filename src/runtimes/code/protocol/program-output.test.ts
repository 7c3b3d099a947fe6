import { expect, test } from "vitest";
import type { DomainEvent } from "../../../contract/events.ts";
import { ProgramOutput, type ProgramOutputOptions, type ProgramWord } from "./program-output.ts";
import { createRedactor } from "./redact.ts";

function run(
  lines: readonly string[],
  options: Partial<ProgramOutputOptions> & { secrets?: Record<string, string> } = {},
): { events: DomainEvent[]; word: ProgramWord } {
  const events: DomainEvent[] = [];
  const output = new ProgramOutput({
    redactor: createRedactor(options.secrets ?? {}),
    emit: (event) => events.push(event),
    outputIsResult: false,
    throughCharm: false,
    ...options,
  });
  for (const text of lines) output.line({ text, cut: false }, "stdout");
  return { events, word: output.end() };
}

const event = (body: unknown) => `__CHARM_EVENT__${JSON.stringify(body)}`;

test("each kind of event becomes ours, in order", () => {
  const { events, word } = run([
    event({ type: "status", content: "Loading" }),
    event({ type: "thinking", content: "hm\n" }),
    "plain",
    event({ type: "delta", content: "a" }),
    event({ type: "delta", content: "b" }),
    event({ type: "tool_usage", tool: "search", count: 2 }),
    event({ type: "tool_usage", tool: "search" }),
    event({ type: "artifact", content: { name: "n", url: "u", mime: "m" } }),
    event({ type: "internal_run_finished", content: { exit_code: 0 } }),
    event({ type: "control", status: "suspended", thread_id: "t", next_step: ["x"] }),
    event({ type: "state_update", content: "eyJ9" }),
    event({ type: "final", content: { a: 1 }, format: "json" }),
  ]);
  expect(events).toEqual([
    { type: "status-noted", body: { text: "Loading" } },
    { type: "reasoning-delta", body: { text: "hm\nplain\n" } },
    { type: "text-delta", body: { text: "ab" } },
    { type: "tool-usage-noted", body: { tool: "search", count: 2 } },
    { type: "tool-usage-noted", body: { tool: "search", count: 1 } },
    {
      type: "program-event-noted",
      body: { event: { type: "artifact", content: { name: "n", url: "u", mime: "m" } } },
    },
  ]);
  expect(word).toMatchObject({
    suspension: { threadId: "t", nextStep: ["x"] },
    state: "eyJ9",
    final: { type: "json", value: { a: 1 } },
  });
});

test("both prefixes count anywhere in a line; what is no event after one is dropped", () => {
  const { events } = run([
    `12:00 ::CHARM_EVENT::${JSON.stringify({ type: "status", content: "one" })}`,
    `x __CHARM_EVENT__{"type":"status","content":"two"}`,
    "__CHARM_EVENT__{broken",
    '__CHARM_EVENT__["type"]',
    '__CHARM_EVENT__{"content":"no type"}',
    "__CHARM_EVENT__",
  ]);
  expect(events.map(({ body }) => body)).toEqual([{ text: "one" }, { text: "two" }]);
});

test("colours and blank lines are not shown, nor a line that an event has said before", () => {
  const { events } = run([
    "\u001b[31mred\u001b[0m text\r",
    "   ",
    "\u001b[2K",
    "\u001b]0;title\u0007after",
    event({ type: "status", content: "Working on it" }),
    "  Working on it ",
    "Working on it now",
  ]);
  expect(events).toEqual([
    { type: "reasoning-delta", body: { text: "red text\nafter\n" } },
    { type: "status-noted", body: { text: "Working on it" } },
    { type: "reasoning-delta", body: { text: "Working on it now\n" } },
  ]);
});

test("the last final wins, the first error is the failure", () => {
  const { word } = run([
    event({ type: "final", content: "one" }),
    event({ type: "final", content: { _charm_render_type: "bar_chart" } }),
    event({ type: "error", content: "first" }),
    event({ type: "error", content: "second" }),
  ]);
  expect(word.final).toEqual({ type: "rich_component", value: { _charm_render_type: "bar_chart" } });
  expect(word.error).toBe("first");
});

test("without a final the deltas are the result, else the output of a program whose output is its result", () => {
  const deltas = [event({ type: "delta", content: "a " }), event({ type: "delta", content: "b" })];
  expect(run(deltas).word.final).toEqual({ type: "markdown", value: "a b" });
  const lines = ["", "first", "", "second  ", event({ type: "status", content: "s" }), ""];
  expect(run(lines).word.final).toBeUndefined();
  expect(run(lines, { outputIsResult: true }).word.final).toEqual({ type: "markdown", value: "first\n\nsecond" });
});

test("the charm command's own lines are not shown, nor the result again at the end", () => {
  const envelope = '{"status": "success", "output": "hey", "raw_type": "str"}';
  const lines = ["Loading .env from: /app/.env", "✔ Loaded Agent: A", "[charm] INFO: x", "[charm] WARNING: y", "mine"];
  expect(run([...lines, envelope], { throughCharm: true }).events).toEqual([
    { type: "reasoning-delta", body: { text: "[charm] WARNING: y\nmine\n" } },
  ]);
  expect(run([envelope, "mine"], { throughCharm: true }).events).toEqual([
    { type: "reasoning-delta", body: { text: `${envelope}\nmine\n` } },
  ]);
});

test("secrets stand in no event, also when deltas split them", () => {
  const secrets = { KEY: "sk-abc123" };
  const { events, word } = run(
    [
      "print sk-abc123",
      event({ type: "delta", content: "sk-a" }),
      event({ type: "status", content: "sk-abc123" }),
      event({ type: "delta", content: "bc123!" }),
      event({ type: "custom", "sk-abc123": ["sk-abc123"] }),
      event({ type: "final", content: { a: "sk-abc123" } }),
      event({ type: "state_update", content: "sk-abc123" }),
      event({ type: "error", content: "sk-abc123" }),
      event({ type: "control", status: "suspended", thread_id: "sk-abc123", next_step: "sk-abc123" }),
      event({ type: "tool_usage", tool: "sk-abc123" }),
    ],
    { secrets, outputIsResult: true },
  );
  const all = JSON.stringify([events, word]);
  expect(all).not.toContain("abc123");
  expect(all).toContain("[KEY_REDACTED]!");
});

test("a secret of several lines is found over its line ends", () => {
  const { events, word } = run(["key:", "-----BEGIN", "abcdef", "END-----", "done"], {
    secrets: { KEY: "-----BEGIN\nabcdef\nEND-----" },
    outputIsResult: true,
  });
  expect(events).toEqual([{ type: "reasoning-delta", body: { text: "key:\n[KEY_REDACTED]\ndone\n" } }]);
  expect(word.final?.value).toBe("key:\n[KEY_REDACTED]\ndone");
});

test("an event longer than is read is told apart from a line that is", () => {
  const output = new ProgramOutput({
    redactor: createRedactor({}),
    emit: () => undefined,
    outputIsResult: false,
    throughCharm: false,
  });
  output.line({ text: "long", cut: true }, "stdout");
  expect(output.end().overlong).toBe(false);
  output.line({ text: event({ type: "final" }).slice(0, -4), cut: true }, "stdout");
  expect(output.end().overlong).toBe(true);
});

test("strange contents harm nothing", () => {
  const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`;
  const { events } = run([
    `__CHARM_EVENT__{"type":"final","content":${deep}}`,
    `__CHARM_EVENT__{"type":"custom","content":${deep}}`,
    event({ type: "status", content: { a: 1 } }),
    event({ type: "status" }),
    event({ type: "tool_usage", tool: 5, count: "many" }),
    event({ type: "control", status: "other" }),
  ]);
  expect(events.map(({ body }) => body)).toEqual([
    { text: '{"a":1}' },
    { text: "" },
    { tool: "5", count: 1 },
    { event: { type: "control", status: "other" } },
  ]);
});
