import { describe, expect, it } from "vitest";
import { type ErrorCode, errorCatalogue, RunyardError } from "../../../contract/errors.ts";
import { newId, spellId } from "../../../contract/ids.ts";
import { renderError } from "./render-error.ts";
import { errorSchema } from "./schemas/error.ts";

function render(code: ErrorCode, options = {}) {
  const { status, body } = renderError(new RunyardError(code, "Words.", options), "req_1");
  return { status, ...errorSchema.parse(JSON.parse(body)).error };
}

describe("renderError", () => {
  it.each([
    ["missing_required_field", 400, "invalid_request_error"],
    ["invalid_json", 400, "invalid_request_error"],
    ["unsupported_media_type", 415, "invalid_request_error"],
    ["body_too_large", 413, "invalid_request_error"],
    ["method_not_allowed", 405, "invalid_request_error"],
    ["invalid_api_key", 401, "authentication_error"],
    ["expired_api_key", 401, "authentication_error"],
    ["insufficient_scope", 403, "permission_error"],
    ["agent_not_found", 404, "not_found_error"],
    ["route_not_found", 404, "not_found_error"],
    ["stream_expired", 410, "not_found_error"],
    ["agent_paused", 409, "conflict_error"],
    ["execution_not_running", 409, "conflict_error"],
    ["context_length_exceeded", 422, "validation_error"],
    ["idempotency_mismatch", 422, "validation_error"],
    ["rate_limit_exceeded", 429, "rate_limit_error"],
    ["quota_exceeded", 429, "rate_limit_error"],
    ["internal_error", 500, "internal_error"],
    ["model_unavailable", 502, "upstream_error"],
    ["tool_timeout", 502, "upstream_error"],
    ["overloaded", 503, "overloaded_error"],
  ] as const)("gives %s status %i and type %s", (code, status, type) => {
    expect(render(code)).toEqual({ status, type, code, message: "Words.", requestId: "req_1" });
  });

  it("shows impossible combinations by the documented code, told apart by type and status", () => {
    expect(render("unprocessable")).toMatchObject({
      status: 422,
      type: "validation_error",
      code: "invalid_field_value",
    });
  });

  it("has a 4xx or 5xx status for every code of the catalogue", () => {
    for (const code of Object.keys(errorCatalogue) as ErrorCode[]) {
      expect(render(code).status).toBeGreaterThanOrEqual(400);
    }
  });

  it("carries the field and the execution when there are any", () => {
    const executionId = newId();
    expect(render("tool_error", { param: "memory.session", executionId })).toMatchObject({
      param: "memory.session",
      executionId: spellId("execution", executionId),
    });
  });
});
