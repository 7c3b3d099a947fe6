import { spellId } from "../../../contract/ids.ts";
import { callerOf } from "../../idempotency.ts";
import { sendJson } from "../../send-json.ts";
import { documented, type Endpoint } from "./endpoint.ts";
import { idOf } from "./ids.ts";
import { deletedSchema } from "./schemas/page.ts";
import { idParamsSchema } from "./schemas/text.ts";

export const deleteJob: Endpoint = (scope, { operations }) => {
  scope.delete(
    "/v1/jobs/:id",
    {
      config: { scopes: ["agents:execute"] },
      schema: {
        ...documented({
          operationId: "deleteJob",
          tag: "Jobs",
          summary: "Delete a job",
          description: "Nothing more is started. A run that is under way goes on; cancel its execution to stop it.",
          answers: { 200: { description: "Deleted", schema: deletedSchema("job") } },
          errors: [404],
        }),
        params: idParamsSchema,
      },
    },
    async (request, reply) => {
      const jobId = idOf("job", request.params.id);
      await operations.deleteJob(callerOf(request), jobId);
      return sendJson(reply, 200, { id: spellId("job", jobId), deleted: true });
    },
  );
};
