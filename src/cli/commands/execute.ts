import type { Command } from "commander";
import type { ExecuteRequest, JsonObject, Metadata, Runyard } from "../../../client/src/index.ts";
import type { Cli } from "../cli.ts";
import { answerToolCalls } from "../client-tools.ts";
import { CommandError, exitCodes } from "../exit-code.ts";
import { findAgentId } from "../find-agent.ts";
import { type Followed, followExecution } from "../follow-execution.ts";
import { interruptible } from "../interruptible.ts";
import { collectJsonPair, collectList, collectMetadata, collectPair, parseJsonObject } from "../option-values.ts";

interface ExecuteOptions {
  input?: JsonObject;
  conversation?: string;
  session?: JsonObject;
  memoryStore?: string[];
  metadata?: Metadata;
  stream: boolean;
  async?: boolean;
  toolResult?: JsonObject;
}

/** `runyard execute AGENT TEXT` */
export function defineExecute(command: Command, cli: Cli): void {
  command
    .argument("<agent>", "id or name")
    .argument("[text]", "what to say to it; - reads standard input")
    .option("--input <json>", "what to call a code agent with, an object, instead of text", parseJsonObject)
    .option("-c, --conversation <id>", "go on with a conversation")
    .option("--session <name=value>", "session memory; may be repeated", collectPair)
    .option("--memory-store <id>", "attach a memory store; may be repeated", collectList)
    .option("--metadata <name=value>", "may be repeated", collectMetadata)
    .option("--no-stream", "show the answer once it is complete")
    .option("--async", "only start it and print its id")
    .option("--tool-result <name=json>", "answer of a client-side tool; may be repeated", collectJsonPair)
    .addHelpText(
      "after",
      `
The answer goes to stdout, tool calls and status to stderr. With --json each event is one line of JSON, and with
--no-stream or --async the execution is one JSON object. Ctrl-C cancels the execution; twice leaves at once.`,
    )
    .action(async (agent: string, text: string | undefined, options: ExecuteOptions) => {
      const client = cli.client();
      const request: ExecuteRequest = { input: await readInput(cli, text, options.input) };
      if (options.conversation !== undefined) request.conversationId = options.conversation;
      if (options.session !== undefined) request.memory = { session: options.session };
      if (options.memoryStore !== undefined) request.memoryStores = options.memoryStore;
      if (options.metadata !== undefined) request.metadata = options.metadata;
      const agentId = await findAgentId(client, agent);
      if (options.async === true) cli.print(await client.agents.start(agentId, request), ({ id }) => id);
      else if (options.stream) await executeStreaming(cli, client, agentId, request, options);
      else await executeQuietly(cli, client, agentId, request, options);
    });
}

async function readInput(
  cli: Cli,
  text: string | undefined,
  json: JsonObject | undefined,
): Promise<string | JsonObject> {
  if ((text === undefined) === (json === undefined)) {
    throw new CommandError(exitCodes.usage, "Give either a text or --input.", { hint: "--help shows the options." });
  }
  if (json !== undefined) return json;
  return text === "-" ? readAll(cli) : (text ?? "");
}

async function executeStreaming(
  cli: Cli,
  client: Runyard,
  agentId: string,
  request: ExecuteRequest,
  options: ExecuteOptions,
): Promise<void> {
  let stream = client.agents.execute(agentId, { ...request, stream: true });
  const followed = await interruptible(cli, client, async (signal, started) => {
    for (;;) {
      const current: Followed = await followExecution(cli, stream, started);
      const executionId = stream.executionId;
      if (current.status !== "requires_action" || executionId === undefined) return current;
      const results = await answerToolCalls(cli, executionId, current.required, options.toolResult ?? {}, signal);
      stream = client.executions.continueWithToolResults(executionId, results, { after: stream.lastEventId });
    }
  });
  if (followed.status === "cancelled") throw new CommandError(exitCodes.failure, "The execution was cancelled.");
}

async function executeQuietly(
  cli: Cli,
  client: Runyard,
  agentId: string,
  request: ExecuteRequest,
  options: ExecuteOptions,
): Promise<void> {
  const execution = await interruptible(cli, client, async (signal, started) => {
    // Started and then joined rather than waited for in one long request, so that Ctrl-C knows what to cancel.
    const accepted = await client.agents.start(agentId, request);
    started(accepted.id);
    let stream = client.executions.watch(accepted.id);
    for (;;) {
      const current = await stream.finalExecution();
      if (current.status !== "requires_action") return current;
      const required = current.toolCalls
        .filter((call) => call.duration === null)
        .map((call) => ({
          type: "tool_call_required" as const,
          id: call.id,
          name: call.name,
          parameters: call.parameters,
        }));
      const results = await answerToolCalls(cli, current.id, required, options.toolResult ?? {}, signal);
      stream = client.executions.continueWithToolResults(current.id, results, { after: stream.lastEventId });
    }
  });
  cli.print(execution, ({ output }) => output);
  if (execution.status === "failed") {
    throw new CommandError(
      exitCodes.failure,
      `The execution failed (${execution.error?.code}): ${execution.error?.message}`,
    );
  }
  if (execution.status === "cancelled") throw new CommandError(exitCodes.failure, "The execution was cancelled.");
}

async function readAll(cli: Cli): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of cli.terminal.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
