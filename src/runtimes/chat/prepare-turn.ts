import type { ChatDefinition } from "../../contract/agent.ts";
import type { Json, JsonObject } from "../../contract/json.ts";
import type { Ctx } from "../../engine/program.ts";
import { estimateTokens } from "../../models/estimate-tokens.ts";
import type { ModelMessage } from "../../models/language-model.ts";
import type { AttachedStore } from "../../tools/memory-access.ts";
import type { ModelCaller } from "./call-model.ts";
import type { ChatInput, ChatParts } from "./chat-parts.ts";
import { summarizeHistory } from "./summarize-history.ts";

/** What every model call of the turn begins with. */
export interface PreparedTurn {
  system: string[];
  messages: ModelMessage[];
}

const recalledEntries = 5;
const maxRecalledTokens = 2000;

/** System prompt, session, memory, the conversation so far, and the user's message. */
export async function prepareTurn(
  ctx: Ctx,
  input: ChatInput,
  turn: { definition: ChatDefinition; stores: readonly AttachedStore[]; caller: ModelCaller; parts: ChatParts },
): Promise<PreparedTurn> {
  const { definition, stores, caller, parts } = turn;
  const { enabled, maxTurns, summarize } = definition.memory;
  const system = [definition.systemPrompt];
  if (Object.keys(input.session).length > 0) system.push(sessionBlock(input.session));
  // By what was asked for, not by what still exists: another attempt takes the same steps.
  if (input.memoryStoreIds.length > 0) system.push(await recall(ctx, input, stores, parts));
  const messages: ModelMessage[] = [];
  if (enabled && !input.isFirst) {
    const history = await parts.readHistory({
      organizationId: ctx.organizationId,
      conversationId: input.conversationId,
      executionId: ctx.executionId,
      maxTurns,
      withOlder: summarize,
    });
    if (summarize) {
      const summary = await summarizeHistory(ctx, input, history, { caller, parts });
      if (summary !== undefined) system.push(`Summary of the conversation before the messages below:\n${summary}`);
    }
    for (const { role, content } of history.turns) pushTurn(messages, role, content);
  }
  pushTurn(messages, "user", input.input);
  return { system: system.filter((block) => block !== ""), messages };
}

/**
 * Adds a turn so that the user begins and the sides alternate: several providers refuse anything else, and so do the
 * templates of many local models. What was said before a cancel that left no answer goes with what was said after it.
 */
function pushTurn(messages: ModelMessage[], role: "user" | "assistant", content: string): void {
  if (content.trim() === "") return; // an answer that was empty
  const last = messages.at(-1);
  if (last === undefined && role === "assistant") messages.push({ role: "user", content: leftOut });
  if (role === "user" && last?.role === "user") last.content = `${last.content}\n\n${content}`;
  else messages.push({ role, content });
}

const leftOut = "(What was said before this is left out.)";

/** Sorted, so that the same data gives the same bytes to the provider's cache. */
function sessionBlock(session: JsonObject): string {
  return `Data of the application that this conversation belongs to (not written by the user):\n${JSON.stringify(sorted(session))}`;
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key] as Json)]),
  );
}

/** The best entries for the input, journaled: another attempt must not find others. */
async function recall(ctx: Ctx, input: ChatInput, stores: readonly AttachedStore[], parts: ChatParts): Promise<string> {
  const found = await ctx.step("recall", async () => {
    const entries = await Promise.all(
      stores.map(async (store) =>
        (await parts.searchMemory(ctx.organizationId, store.id, input.input, recalledEntries)).map((entry) => ({
          store: store.name,
          key: entry.key,
          content: entry.content,
          score: entry.score ?? 0,
        })),
      ),
    );
    let tokens = 0;
    return entries
      .flat()
      .sort((left, right) => right.score - left.score)
      .slice(0, recalledEntries)
      .filter(({ content }) => {
        tokens += estimateTokens(content);
        return tokens <= maxRecalledTokens;
      });
  });
  const list = stores.map(({ name, description }) => (description === "" ? `- ${name}` : `- ${name}: ${description}`));
  const lines = found.map(({ store, key, content }) => `[${store}${key === null ? "" : ` / ${key}`}] ${content}`);
  if (stores.length === 0) return "";
  return [
    `Persistent memory stores that you can search:\n${list.join("\n")}`,
    ...(lines.length === 0 ? [] : [`Entries that fit the user's message:\n${lines.join("\n")}`]),
  ].join("\n\n");
}
