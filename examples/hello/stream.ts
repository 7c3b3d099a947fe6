// Executes an agent over the client and writes its answer as it comes: node examples/hello/stream.ts AGENT TEXT
import { Runyard } from "../../client/src/index.ts";

const [agentName, input] = process.argv.slice(2);
if (agentName === undefined || input === undefined) throw new Error("Expected the name of an agent and a text.");

const runyard = new Runyard({
  url: process.env.RUNYARD_URL ?? "http://127.0.0.1:8787",
  apiKey: process.env.RUNYARD_API_KEY,
});

const [agent] = (await runyard.agents.list({ name: agentName })).data;
if (agent === undefined) throw new Error(`There is no agent named ${agentName}.`);

for await (const event of runyard.agents.execute(agent.id, { input, stream: true })) {
  if (event.type === "text_delta") process.stdout.write(event.text);
  if (event.type === "tool_call_end") console.error(`${event.name} gave ${JSON.stringify(event.result)}`);
  if (event.type === "error") throw new Error(event.message);
}
process.stdout.write("\n");
