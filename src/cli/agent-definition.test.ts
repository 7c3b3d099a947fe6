import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readAgentChange, readAgentFields } from "./agent-definition.ts";
import { exitCodes } from "./exit-code.ts";

const folder = mkdtempSync(join(tmpdir(), "runyard-agent-definition-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test("options win over the file, and merge with its parameters, memory and metadata", async () => {
  const path = file(
    "agent.yaml",
    "name: a\nmodel: m\nsystemPrompt: p\ntools: [calculator]\nparameters: {temperature: 0.1, topP: 0.5}\nmemory: {maxTurns: 4}\nmetadata: {team: x}\n",
  );
  const options = { file: path, name: "b", temperature: 0.9, memory: false, metadata: { shift: "night" } };
  expect(await readAgentFields(options)).toEqual({
    name: "b",
    model: "m",
    systemPrompt: "p",
    tools: ["calculator"],
    parameters: { temperature: 0.9, topP: 0.5 },
    memory: { maxTurns: 4, enabled: false },
    metadata: { team: "x", shift: "night" },
  });
});

test("a JSON file, a prompt from a file and tools as text or JSON are read", async () => {
  const path = file("agent.json", '{"name":"a","model":"m"}');
  const prompt = file("prompt.txt", "Be kind.");
  const tool = '{"name":"look_up","handler":"https://example.com/tool"}';
  expect(await readAgentFields({ file: path, systemPrompt: `@${prompt}`, tool: ["datetime", tool] })).toEqual({
    name: "a",
    model: "m",
    systemPrompt: "Be kind.",
    tools: ["datetime", { name: "look_up", handler: "https://example.com/tool" }],
  });
});

test("a tool that is neither built in nor JSON is wrong usage that names those there are", async () => {
  await expect(readAgentFields({ name: "a", tool: ["calculater"] })).rejects.toMatchObject({
    exitCode: exitCodes.usage,
    hint: expect.stringContaining("calculator"),
  });
});

test("what is missing is named, as wrong usage", async () => {
  await expect(readAgentFields({ name: "a" })).rejects.toMatchObject({
    exitCode: exitCodes.usage,
    message: "The agent has no model, no systemPrompt.",
  });
});

test("a template stands in for the system prompt", async () => {
  const path = file("template.yaml", "name: a\nmodel: m\ntemplate: greeter\n");
  expect(await readAgentFields({ file: path })).toMatchObject({ template: "greeter" });
});

test("a change holds only what was given", async () => {
  expect(await readAgentChange({ status: "paused", maxTokens: 5 })).toEqual({
    status: "paused",
    parameters: { maxTokens: 5 },
  });
  await expect(readAgentChange({})).rejects.toMatchObject({ exitCode: exitCodes.usage });
});

test("a file that holds something else is wrong usage that names it", async () => {
  for (const [name, content] of [
    ["list.yaml", "- a"],
    ["broken.json", "{"],
    ["broken.yaml", "a: [b"],
    ["empty.yaml", ""],
  ] as const) {
    await expect(readAgentFields({ file: file(name, content) })).rejects.toMatchObject({
      exitCode: exitCodes.usage,
      message: expect.stringContaining(name),
    });
  }
});
