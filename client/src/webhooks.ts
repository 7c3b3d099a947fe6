import { idSegment } from "./id-segment.ts";
import type { Transport } from "./transport.ts";
import type { CreatedWebhook, Deleted, Page, PageQuery, Webhook, WebhookChange, WebhookFields } from "./types.ts";
import { walkPages } from "./walk-pages.ts";

export class Webhooks {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The answer is the only place where the signing secret is ever shown. */
  create(webhook: WebhookFields): Promise<CreatedWebhook> {
    return this.#transport.json({ method: "POST", path: "/v1/webhooks", body: webhook });
  }

  list(query: PageQuery = {}): Promise<Page<Webhook>> {
    return this.#transport.json({ method: "GET", path: "/v1/webhooks", query: { ...query } });
  }

  listAll(query: PageQuery = {}): AsyncGenerator<Webhook, void> {
    return walkPages((at) => this.list(at), query);
  }

  get(webhookId: string): Promise<Webhook> {
    return this.#transport.json({ method: "GET", path: webhookPath(webhookId) });
  }

  update(webhookId: string, change: WebhookChange): Promise<Webhook> {
    return this.#transport.json({ method: "PATCH", path: webhookPath(webhookId), body: change });
  }

  delete(webhookId: string): Promise<Deleted> {
    return this.#transport.json({ method: "DELETE", path: webhookPath(webhookId) });
  }
}

function webhookPath(webhookId: string): string {
  return `/v1/webhooks/${idSegment(webhookId)}`;
}
