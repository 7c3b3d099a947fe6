import type { Id } from "../contract/ids.ts";
import type { BuiltInToolName, ToolDefinition } from "../contract/tool.ts";
import type { Outbound } from "../egress/outbound.ts";
import { calculator } from "./calculator.ts";
import { checkInput, checkSchema } from "./check-input.ts";
import { createDatetime } from "./datetime.ts";
import { guardTool, type ReportFault } from "./guard-tool.ts";
import { createHttpTool } from "./http-tool.ts";
import { jsonValidator } from "./json-validator.ts";
import { createMcpClient } from "./mcp-client.ts";
import { listMcpTools } from "./mcp-tools.ts";
import type { AttachedStore, MemoryAccess } from "./memory-access.ts";
import { createMemoryTools } from "./memory-tools.ts";
import { textSummarizer } from "./text-summarizer.ts";
import { systemClock, type ToolClock } from "./tool-clock.ts";
import type { ClientTool, Tool, ToolWork } from "./tool.ts";
import { createWebSearch, type SearchSettings, webSearchProblem } from "./web-search.ts";

export interface ToolsOptions {
  outbound: Outbound;
  search: SearchSettings;
  memory: MemoryAccess;
  /** Told of throws that no tool should make; for the log. */
  reportFault: ReportFault;
  clock?: ToolClock;
}

/** What the tools of one execution depend on besides their definitions. */
export interface ToolScope {
  organizationId: Id;
  /** Signs the calls of HTTP handlers. */
  signingSecret: string;
  memoryStores: readonly AttachedStore[];
  signal: AbortSignal;
}

export interface ResolvedTools {
  /** Names are unique; in the order of the definitions, memory tools last. */
  tools: Tool[];
  /** What the agent has to do without, in words: an MCP server that is down, a name that is taken. */
  problems: string[];
}

/** Why a definition cannot be used; `param` names the field, such as `tools.2.parameters`. */
export interface DefinitionProblem {
  param: string;
  message: string;
}

export interface Tools extends AsyncDisposable {
  /**
   * The tools of an execution, ready to be offered and called. Asks MCP servers for theirs, and for nothing else.
   * @throws the signal's reason, and only when it aborts
   */
  resolve(definitions: readonly ToolDefinition[], scope: ToolScope): Promise<ResolvedTools>;
  /** What is wrong with the tools of an agent that is about to be made; empty when nothing is. Asks nobody. */
  findProblems(definitions: readonly ToolDefinition[]): DefinitionProblem[];
}

/** All that an agent can call. Disposing closes the sessions with MCP servers. */
export function createTools(options: ToolsOptions): Tools {
  const { outbound, memory, search, reportFault, clock = systemClock } = options;
  const mcp = createMcpClient({ outbound, clock });
  const builtIns: Record<BuiltInToolName, ToolWork> = {
    calculator,
    datetime: createDatetime(clock),
    json_validator: jsonValidator,
    text_summarizer: textSummarizer,
    web_search: createWebSearch({ outbound, settings: search }),
  };
  return {
    async resolve(definitions, scope) {
      const { organizationId, signingSecret, memoryStores, signal } = scope;
      const tools: Tool[] = [];
      const problems: string[] = [];
      // The agent's own names come first: a server's tool gives way to them.
      const taken = new Set(definitions.flatMap((definition) => (definition.type === "mcp" ? [] : [definition.name])));
      for (const definition of definitions) {
        switch (definition.type) {
          case "http":
            tools.push(guardTool(createHttpTool(definition, { outbound, clock, signingSecret }), reportFault));
            break;
          case "client":
            tools.push(clientTool(definition));
            break;
          case "built-in":
            tools.push(guardTool(builtIns[definition.name], reportFault));
            break;
          case "mcp": {
            const found = await listMcpTools(definition, organizationId, mcp, taken, signal);
            tools.push(...found.works.map((work) => guardTool(work, reportFault)));
            problems.push(...found.problems);
            break;
          }
          default:
            definition satisfies never;
        }
      }
      for (const work of createMemoryTools(memoryStores, memory)) {
        if (taken.has(work.name)) problems.push(`The name ${work.name} is taken by a tool of the agent's own.`);
        else tools.push(guardTool(work, reportFault));
      }
      return { tools, problems };
    },
    findProblems: (definitions) => findProblems(definitions, search),
    [Symbol.asyncDispose]: () => mcp[Symbol.asyncDispose](),
  };
}

function clientTool(definition: Extract<ToolDefinition, { type: "client" }>): ClientTool {
  const { name, description, parameters } = definition;
  return {
    runs: "client",
    name,
    description,
    parameters,
    effect: "idempotent", // asking again for the result of the same call changes nothing
    check: (input) => checkInput(parameters, input),
  };
}

function findProblems(definitions: readonly ToolDefinition[], search: SearchSettings): DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const seen = new Set<string>();
  for (const [index, definition] of definitions.entries()) {
    const param = `tools.${index}`;
    if (seen.has(definition.name)) {
      problems.push({ param: `${param}.name`, message: `Expected names that differ, came ${definition.name} twice.` });
    }
    seen.add(definition.name);
    if (definition.type === "built-in" && definition.name === "web_search") {
      const message = webSearchProblem(search);
      if (message !== undefined) problems.push({ param, message });
    }
    if (definition.type === "http" || definition.type === "client") {
      const { parameters } = definition;
      const problem = checkSchema(parameters);
      if (parameters["type"] !== "object") {
        const message = `Expected a JSON Schema of type "object", came ${JSON.stringify(parameters["type"] ?? null)}.`;
        problems.push({ param: `${param}.parameters.type`, message });
      } else if (problem !== undefined) {
        const path = problem.path === "" ? "" : `.${problem.path}`;
        problems.push({
          param: `${param}.parameters${path}`,
          message: `The schema cannot be used: ${problem.message}.`,
        });
      }
    }
  }
  return problems;
}
