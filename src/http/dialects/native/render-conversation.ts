import type { Conversation, Turn } from "../../../contract/conversation.ts";
import { spellId } from "../../../contract/ids.ts";
import { renderToolCall } from "./render-execution.ts";
import type { WireConversation, WireConversationSummary, WireTurn } from "./schemas/conversation.ts";
import { renderTime } from "./time.ts";

export function renderConversationSummary(conversation: Conversation): WireConversationSummary {
  return {
    id: spellId("conversation", conversation.id),
    agentId: spellId("agent", conversation.agentId),
    tokenCount: conversation.tokenCount,
    turnCount: conversation.turnCount,
    session: conversation.session,
    createdAt: renderTime(conversation.createdAt),
    lastActiveAt: renderTime(conversation.lastActiveAt),
  };
}

export function renderConversation(conversation: Conversation & { turns: Turn[] }): WireConversation {
  return { ...renderConversationSummary(conversation), turns: conversation.turns.map(renderTurn) };
}

function renderTurn(turn: Turn): WireTurn {
  return {
    role: turn.role,
    content: turn.content,
    ...(turn.role === "assistant" && turn.toolCalls.length > 0 && { toolCalls: turn.toolCalls.map(renderToolCall) }),
    timestamp: renderTime(turn.at),
    executionId: spellId("execution", turn.executionId),
  };
}
