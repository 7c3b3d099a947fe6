import type { AgentDefinition } from "../contract/agent.ts";
import { RunyardError } from "../contract/errors.ts";
import type { Id } from "../contract/ids.ts";
import type { Json, JsonObject } from "../contract/json.ts";
import type { SecretPlace, Secrets } from "../store/secrets.ts";
import type { CodeRunRequest, ExecuteRequest } from "./operations.ts";

/** The fields in which programs that talk look for what the user said, in the order in which they are tried. */
const messageFields = ["message", "input", "task", "text", "prompt"];

export const defaultUser = "local_dev";

/** What the caller gave, as the runtime takes it: text for `chat`, an object for `code`. */
export function inputFor(definition: AgentDefinition, input: Json): Json {
  const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
  if (definition.runtime === "code") return isObject ? input : { input };
  if (typeof input === "string") return input;
  if (isObject) {
    for (const field of messageFields) {
      const value = input[field];
      if (typeof value === "string" && value.trim() !== "") return value;
    }
  }
  return JSON.stringify(input);
}

/** Where the variables of a run are sealed: they open for any execution of the agent, so that a run can be repeated. */
function environmentPlace(agentId: Id): SecretPlace {
  return { record: agentId, field: "environment" };
}

/** The variables that a run was given. Belongs into no log or event. */
export async function openRunEnvironment(
  secrets: Secrets,
  { organizationId, agentId }: { organizationId: Id; agentId: Id },
  sealed: string,
): Promise<Record<string, string>> {
  const variables: Record<string, string> = JSON.parse(
    await secrets.open(organizationId, sealed, environmentPlace(agentId)),
  );
  return variables;
}

/** The part of a code program's input that is not the caller's payload; see `CodeRun` of the runtime. */
export async function codeRun(
  secrets: Secrets,
  { organizationId, agentId }: { organizationId: Id; agentId: Id },
  request: ExecuteRequest,
  threadId: string | null,
): Promise<JsonObject> {
  const { environment = {}, files = {}, history = [], state = "", adapter, lifecycle, task } = request.code ?? {};
  const isEmpty = Object.keys(environment).length === 0;
  return {
    sealedEnvironment: isEmpty
      ? null
      : await secrets.seal(organizationId, JSON.stringify(environment), environmentPlace(agentId)),
    files,
    history,
    state,
    userId: userOf(request.code),
    threadId,
    ...(adapter !== undefined && { adapter }),
    ...(lifecycle !== undefined && { lifecycle }),
    ...(task !== undefined && { task }),
  };
}

/** Whose run it is. */
export function userOf({ userId, environment = {} }: CodeRunRequest = {}): string {
  return userId ?? environment["CHARM_USER_ID"] ?? defaultUser;
}

/** @throws `unprocessable` when a request has what only programs of `code` can use */
export function refuseCodeFields(code: CodeRunRequest): void {
  const given = [
    ["files", Object.keys(code.files ?? {}).length > 0],
    ["history", (code.history ?? []).length > 0],
    ["task", code.task !== undefined],
  ] as const;
  const first = given.find(([, isGiven]) => isGiven)?.[0];
  if (first === undefined) return;
  throw new RunyardError(
    "unprocessable",
    `This agent is a chat agent, which has no use for "${first}"; leave it out.`,
    {
      param: first,
    },
  );
}
