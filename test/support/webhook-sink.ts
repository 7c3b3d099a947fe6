// A receiver of webhooks as a process of its own, which survives the server under test, with a ledger on disk:
//   node test/support/webhook-sink.ts --port 0 --ledger deliveries.jsonl
import { createHash } from "node:crypto";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { z } from "zod";

/** One delivery as it arrived. Ids are as the native API spells them. */
export interface SinkEntry {
  /** 1 for the first. */
  number: number;
  /** Epoch milliseconds. */
  at: number;
  webhookId: string;
  eventId: string;
  type: string;
  executionId: string | null;
  body: string;
  /** Whether it was answered with 200; otherwise it should come again. */
  accepted: boolean;
}

export interface WebhookSink extends AsyncDisposable {
  /**
   * Without a slash at its end. A webhook's path may end in `?refuse=<share>`: the first try of that share of the events
   * (0 to 1, chosen by their ids) is answered with 503.
   */
  readonly url: string;
}

const deliverySchema = z.object({
  id: z.string(),
  type: z.string(),
  data: z.object({ executionId: z.string().optional() }),
});

/** @param options.ledgerFile each delivery is appended here as a line of JSON before it is answered */
export async function startWebhookSink(options: { port?: number; ledgerFile: string }): Promise<WebhookSink> {
  let count = 0;
  const refused = new Set<string>();
  const server = createServer((request, response) => {
    text(request)
      .then((body) => {
        const { id, type, data } = deliverySchema.parse(JSON.parse(body));
        const share = Number(new URL(request.url ?? "/", "http://sink").searchParams.get("refuse") ?? "0");
        const webhookId = String(request.headers["x-ya-webhook-id"]);
        const key = `${webhookId} ${id}`;
        const accepted = refused.has(key) || chance(id) >= share;
        if (!accepted) refused.add(key);
        count += 1;
        const entry: SinkEntry = {
          number: count,
          at: Date.now(),
          webhookId,
          eventId: id,
          type,
          executionId: data.executionId ?? null,
          body,
          accepted,
        };
        appendFileSync(options.ledgerFile, `${JSON.stringify(entry)}\n`);
        response.writeHead(accepted ? 200 : 503).end();
      })
      // A server that dies in the middle of a delivery leaves half a request.
      .catch(() => response.destroy());
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** A number from 0 to 1, always the same for the same text. */
function chance(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 32;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: "string", default: "0" }, ledger: { type: "string", default: "deliveries.jsonl" } },
  });
  const sink = await startWebhookSink({ port: Number(values.port), ledgerFile: values.ledger });
  // Whoever started the process reads the address from this line.
  process.stdout.write(`${JSON.stringify({ url: sink.url })}\n`);
  const stop = (): void => void sink[Symbol.asyncDispose]();
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

if (import.meta.main) await main();
