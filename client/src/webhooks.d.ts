import type { Transport } from "./transport.ts";
import type { CreatedWebhook, Deleted, Page, PageQuery, Webhook, WebhookChange, WebhookFields } from "./types.ts";
export declare class Webhooks {
    #private;
    constructor(transport: Transport);
    /** The answer is the only place where the signing secret is ever shown. */
    create(webhook: WebhookFields): Promise<CreatedWebhook>;
    list(query?: PageQuery): Promise<Page<Webhook>>;
    listAll(query?: PageQuery): AsyncGenerator<Webhook, void>;
    get(webhookId: string): Promise<Webhook>;
    update(webhookId: string, change: WebhookChange): Promise<Webhook>;
    delete(webhookId: string): Promise<Deleted>;
}
