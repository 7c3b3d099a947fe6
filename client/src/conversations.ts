import { idSegment } from "./id-segment.ts";
import type { Transport } from "./transport.ts";
import type { Conversation, ConversationSummary, Deleted, Page, PageQuery } from "./types.ts";
import { walkPages } from "./walk-pages.ts";

export interface ConversationQuery extends PageQuery {
  agentId?: string;
}

export class Conversations {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(query: ConversationQuery = {}): Promise<Page<ConversationSummary>> {
    return this.#transport.json({ method: "GET", path: "/v1/conversations", query: { ...query } });
  }

  listAll(query: ConversationQuery = {}): AsyncGenerator<ConversationSummary, void> {
    return walkPages((at) => this.list(at), query);
  }

  get(conversationId: string): Promise<Conversation> {
    return this.#transport.json({ method: "GET", path: conversationPath(conversationId) });
  }

  /** Removes its turns for good; cancels its running executions first. */
  delete(conversationId: string): Promise<Deleted> {
    return this.#transport.json({ method: "DELETE", path: conversationPath(conversationId) });
  }
}

function conversationPath(conversationId: string): string {
  return `/v1/conversations/${idSegment(conversationId)}`;
}
