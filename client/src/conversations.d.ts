import type { Transport } from "./transport.ts";
import type { Conversation, ConversationSummary, Deleted, Page, PageQuery } from "./types.ts";
export interface ConversationQuery extends PageQuery {
    agentId?: string;
}
export declare class Conversations {
    #private;
    constructor(transport: Transport);
    list(query?: ConversationQuery): Promise<Page<ConversationSummary>>;
    listAll(query?: ConversationQuery): AsyncGenerator<ConversationSummary, void>;
    get(conversationId: string): Promise<Conversation>;
    /** Removes its turns for good; cancels its running executions first. */
    delete(conversationId: string): Promise<Deleted>;
}
