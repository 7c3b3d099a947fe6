// The floor of bench/chat.ts, a process of its own: a bare route that makes the model call and commits one row.
// Run: node bench/parts/chat-floor-server.ts DATABASE MODEL_BASE_URL
import { createParser } from "eventsource-parser";
import { fastify } from "fastify";
import { Agent, request } from "undici";
import { z } from "zod";
import { newId } from "../../src/contract/ids.ts";
import { SqliteDatabase } from "../../src/store/dialects/sqlite/sqlite-database.ts";

const [path, baseUrl] = process.argv.slice(2);
if (path === undefined || baseUrl === undefined) throw new Error("usage: chat-floor-server.ts DATABASE MODEL_BASE_URL");
const database = new SqliteDatabase({ path });
await database.write([
  { sql: "create table answer (id text primary key, input text, output text)", params: [], returnsRows: false },
]);
const dispatcher = new Agent();
const bodySchema = z.object({ input: z.string() });

async function callModel(input: string): Promise<string> {
  const response = await request(`${baseUrl}/chat/completions`, {
    dispatcher,
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer sk-scripted" },
    body: JSON.stringify({
      model: "scripted",
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: "system", content: "Answer." },
        { role: "user", content: input },
      ],
    }),
  });
  let output = "";
  const parser = createParser({
    onEvent({ data }) {
      if (data === "[DONE]") return;
      const chunk: { choices: { delta: { content?: string } }[] } = JSON.parse(data);
      output += chunk.choices[0]?.delta.content ?? "";
    },
  });
  response.body.setEncoding("utf8");
  for await (const text of response.body) parser.feed(text);
  return output;
}

const app = fastify();
app.post("/execute", async (request) => {
  const { input } = bodySchema.parse(request.body);
  const output = await callModel(input);
  const id = newId();
  await database.write([
    { sql: "insert into answer values (?, ?, ?)", params: [id, input, output], returnsRows: false },
  ]);
  return { id, output };
});
process.stdout.write(`${await app.listen({ port: 0, host: "127.0.0.1" })}\n`);

process.once("SIGTERM", () => {
  void app
    .close()
    .then(() => dispatcher.close())
    .then(() => database[Symbol.asyncDispose]());
});
