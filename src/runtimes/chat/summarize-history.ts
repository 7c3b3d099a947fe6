import type { Ctx } from "../../engine/program.ts";
import { callModel, type ModelCaller } from "./call-model.ts";
import type { ChatInput, ChatParts, History } from "./chat-parts.ts";

const instruction =
  "Sum up the conversation so far for the assistant that will continue it: facts, names, numbers, decisions, open questions, wishes. Plain sentences, at most 300 words, nothing invented.";

/**
 * The turns that no longer go to the model word by word, as one summary. The summary is kept with the conversation and
 * only added to: each turn is read for it once.
 */
export async function summarizeHistory(
  ctx: Ctx,
  input: ChatInput,
  history: History,
  { caller, parts }: { caller: ModelCaller; parts: ChatParts },
): Promise<string | undefined> {
  const { summary, unsummarized } = history;
  // A step even where there is nothing to sum up: what stands in the conversation may be newer in another attempt.
  if (summary === undefined && unsummarized.length === 0) return undefined;
  const text = await ctx.step("summarize", async (step) => {
    if (unsummarized.length === 0) return summary?.text ?? "";
    const lines = unsummarized.map(({ role, content }) => `${role}: ${content}`);
    const known = summary === undefined ? "" : `Summary of what came before:\n${summary.text}\n\n`;
    const quiet = { ...caller, holdText: true, definition: { parameters: { temperature: 0, maxTokens: 600 } } };
    const answer = await callModel(
      quiet,
      {
        system: [instruction],
        messages: [{ role: "user", content: `${known}Conversation:\n${lines.join("\n")}` }],
        tools: [],
      },
      step,
      "summary",
    );
    const turns = (summary?.turns ?? 0) + unsummarized.length;
    await parts.saveSummary(ctx.organizationId, input.conversationId, { text: answer.text, turns });
    return answer.text;
  });
  return text === "" ? undefined : text;
}
