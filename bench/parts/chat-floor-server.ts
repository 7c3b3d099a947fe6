// The floors of bench/chat.ts and bench/first-token.ts, a process of its own: bare routes that make the model call and commit
// one row at its end, or stream it and commit a row before the call and before the first text.
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

async function callModel(input: string, onText: (text: string) => void): Promise<void> {
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
  const parser = createParser({
    onEvent({ data }) {
      if (data === "[DONE]") return;
      const chunk: { choices: { delta: { content?: string } }[] } = JSON.parse(data);
      onText(chunk.choices[0]?.delta.content ?? "");
    },
  });
  response.body.setEncoding("utf8");
  for await (const text of response.body) parser.feed(text);
}

const app = fastify();
app.post("/execute", async (request) => {
  const { input } = bodySchema.parse(request.body);
  let output = "";
  await callModel(input, (text) => (output += text));
  const id = newId();
  await keep(id, input, output);
  return { id, output };
});
app.post("/stream", async (request, reply) => {
  const { input } = bodySchema.parse(request.body);
  await keep(newId(), input, "");
  reply.hijack();
  reply.raw.writeHead(200, { "content-type": "text/event-stream" });
  let shown: Promise<void> | undefined;
  await callModel(input, (text) => {
    if (text === "") return;
    const kept = shown ?? keep(newId(), input, text);
    shown = kept.then(() => void reply.raw.write(`data: ${JSON.stringify({ text })}\n\n`));
  });
  await shown;
  reply.raw.end();
});

function keep(id: string, input: string, output: string): Promise<unknown> {
  const sql = "insert into answer values (?, ?, ?)";
  return database.write([{ sql, params: [id, input, output], returnsRows: false }]);
}

process.stdout.write(`${await app.listen({ port: 0, host: "127.0.0.1" })}\n`);

process.once("SIGTERM", () => {
  void app
    .close()
    .then(() => dispatcher.close())
    .then(() => database[Symbol.asyncDispose]());
});
