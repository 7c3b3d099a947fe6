import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Delivery {
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A receiver of webhooks on loopback that answers with the statuses it is told, the last one for ever. */
export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string;
  readonly deliveries: Delivery[];
  /** 0 breaks the connection off. */
  statuses: number[];
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const deliveries: Delivery[] = [];
  const receiver = { statuses: [200] };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      deliveries.push({ headers: request.headers, body });
      const [status = 200] = receiver.statuses;
      if (receiver.statuses.length > 1) receiver.statuses.shift();
      if (status === 0) response.destroy();
      else response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end("thanks");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    deliveries,
    get statuses() {
      return receiver.statuses;
    },
    set statuses(statuses) {
      receiver.statuses = statuses;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
