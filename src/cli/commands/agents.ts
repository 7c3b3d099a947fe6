import { type Command, Option } from "commander";
import type { Agent, AgentStatus, AgentVersion } from "../../../client/src/index.ts";
import { type AgentOptions, readAgentChange, readAgentFields } from "../agent-definition.ts";
import type { Cli } from "../cli.ts";
import { findAgentId } from "../find-agent.ts";
import { collectMetadata, parseCount, parseNumber } from "../option-values.ts";
import { type PageOptions, printPage, withPageOptions } from "../page-options.ts";
import { renderFields, shorten } from "../table.ts";

/** `runyard agents …` */
export function defineAgents(command: Command, cli: Cli): void {
  withAgentOptions(command.command("create").description("make an agent from options, a file, or both"))
    .addHelpText(
      "after",
      '\nExample: runyard agents create --name sums --model local/smollm2-135m --system-prompt "Use the tool." --tool calculator',
    )
    .action(async (options: AgentOptions) => {
      cli.print(await cli.client().agents.create(await readAgentFields(options)), renderAgent);
    });

  withPageOptions(command.command("list").description("list agents, newest first"))
    .option("--name <text>", "only those with this in their name")
    .addOption(new Option("--status <status>", "only those").choices(["active", "paused"]))
    .action(async (options: PageOptions & { name?: string; status?: AgentStatus }) => {
      const page = await cli.client().agents.list(options);
      printPage(cli, page, ["id", "name", "runs on", "status", "updated"], agentRow, options);
    });

  command
    .command("show <agent>")
    .description("show one agent, by id or by name")
    .action(async (reference: string) => {
      const client = cli.client();
      cli.print(await client.agents.get(await findAgentId(client, reference)), renderAgent);
    });

  withAgentOptions(command.command("update <agent>").description("change what is given; a new version is made"))
    .addOption(new Option("--status <status>", "pause it, or let it work again").choices(["active", "paused"]))
    .action(async (reference: string, options: AgentOptions & { status?: AgentStatus }) => {
      const client = cli.client();
      const change = await readAgentChange(options);
      cli.print(await client.agents.update(await findAgentId(client, reference), change), renderAgent);
    });

  command
    .command("delete <agent>")
    .description("delete an agent; its running executions go on")
    .action(async (reference: string) => {
      const client = cli.client();
      cli.print(await client.agents.delete(await findAgentId(client, reference)), ({ id }) => `Deleted ${id}.`);
    });

  withPageOptions(
    command.command("versions <agent>").description("list the versions of an agent, newest first"),
  ).action(async (reference: string, options: PageOptions) => {
    const client = cli.client();
    const page = await client.agents.versions(await findAgentId(client, reference), options);
    printPage(
      cli,
      page,
      ["version", "id", "runs on", "what", "created"],
      (item) => [String(item.version), item.id, runsOn(item), shorten(essence(item), 40), item.createdAt],
      options,
    );
  });

  command
    .command("secret <agent>")
    .description("show the secret that signs the agent's calls to its tool handlers")
    .action(async (reference: string) => {
      const client = cli.client();
      cli.print(await client.agents.toolSecret(await findAgentId(client, reference)), ({ secret }) => secret);
    });

  command
    .command("rollback <agent>")
    .description("make an older version the current one again, as a new version")
    .option("--to <version>", "its number (default: the one before the current)", parseCount)
    .action(async (reference: string, options: { to?: number }) => {
      const client = cli.client();
      cli.print(await client.agents.rollback(await findAgentId(client, reference), options.to), renderAgent);
    });
}

function withAgentOptions(command: Command): Command {
  return command
    .option("-f, --file <path>", "YAML or JSON file with the fields of the API; - for standard input")
    .option("--name <name>", "name")
    .option("--model <model>", "model, as provider/model or an alias")
    .option("--system-prompt <text>", "system prompt; @path reads a file")
    .option(
      "--tool <tool>",
      "built-in tool by name, or any tool as a JSON object; may be repeated",
      (text: string, before: string[] = []) => [...before, text],
    )
    .option("--temperature <number>", "0 to 1", parseNumber)
    .option("--max-tokens <n>", "most tokens of an answer", parseCount)
    .option("--top-p <number>", "0 to 1", parseNumber)
    .option("--memory", "send earlier turns of the conversation along")
    .option("--no-memory", "send the input alone")
    .option("--max-turns <n>", "how many earlier turns are sent along", parseCount)
    .option("--output-schema <json>", "JSON Schema of the answer; @path reads a file")
    .option("--metadata <name=value>", "may be repeated", collectMetadata);
}

function agentRow(agent: Agent): string[] {
  return [agent.id, agent.name, runsOn(agent), agent.status, agent.updatedAt];
}

/** The model of a chat agent, the adapter of a code agent. */
function runsOn(agent: Agent | AgentVersion): string {
  return agent.runtime === "chat" ? agent.model : agent.adapter;
}

function essence(agent: AgentVersion): string {
  return agent.runtime === "chat" ? agent.systemPrompt : (agent.label ?? agent.entryPoint ?? "");
}

function renderAgent(agent: Agent): string {
  return renderFields({
    id: agent.id,
    name: agent.name,
    runtime: agent.runtime,
    status: agent.status,
    version: agent.version,
    ...(agent.runtime === "chat" ? chatFields(agent) : codeFields(agent)),
    metadata: JSON.stringify(agent.metadata),
    created: agent.createdAt,
    updated: agent.updatedAt,
  });
}

function chatFields(agent: Agent & { runtime: "chat" }): Record<string, string> {
  return {
    model: agent.model,
    tools: agent.tools.map(toolName).join(", ") || "none",
    "system prompt": agent.systemPrompt,
    parameters: JSON.stringify(agent.parameters),
    memory: JSON.stringify(agent.memory),
  };
}

function codeFields(agent: Agent & { runtime: "code" }): Record<string, string> {
  return {
    label: agent.label ?? "none",
    adapter: agent.adapter,
    "entry point": agent.entryPoint ?? "none",
    lifecycle: agent.lifecycle,
    bundle: agent.bundle === undefined ? "none" : `${agent.bundle.size} bytes, sha256 ${agent.bundle.sha256}`,
    network: agent.network === null ? "none" : (agent.network.hosts?.join(", ") ?? "public addresses"),
    "time limit": `${agent.timeoutMs} ms`,
    "memory limit": `${agent.memoryBytes} bytes`,
    "after a crash": agent.onCrash,
  };
}

function toolName(tool: (Agent & { runtime: "chat" })["tools"][number]): string {
  return typeof tool === "string" ? tool : String(tool["name"] ?? "unnamed");
}
