import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { renderClientTypes } from "../../scripts/client-types/render-client-types.ts";
import { renderTypes } from "../../scripts/client-types/render-types.ts";

test("the client's types are those of the API document; if not, run scripts/write-client-types.ts", async () => {
  const written = readFileSync(new URL("../../client/src/generated/native-api.ts", import.meta.url), "utf8");
  expect(written).toBe(await renderClientTypes());
});

test("each form of schema becomes its TypeScript type", () => {
  const text = { type: "string" } as const;
  expect(
    renderTypes({
      Thing: {
        description: "A thing. */",
        type: "object",
        properties: {
          id: text,
          kind: { enum: ["a", "b"] },
          one: { const: 1 },
          "odd-name": { type: ["integer", "null"], description: "Odd." },
          parts: { type: "array", items: { anyOf: [text, { $ref: "#/components/schemas/Other" }] } },
          map: { type: "object", additionalProperties: { type: "boolean" } },
          anything: {},
          both: { allOf: [{ $ref: "#/components/schemas/Other" }, { anyOf: [text, { type: "null" }] }] },
        },
        required: ["id"],
      },
    }),
  ).toBe(`/** A thing. * / */
export type Thing = {
  id: string;
  kind?: "a" | "b";
  one?: 1;
  /** Odd. */
  "odd-name"?: number | null;
  parts?: (string | Other)[];
  map?: { [key: string]: boolean };
  anything?: Json;
  both?: Other & (string | null);
};
`);
  expect(() => renderTypes({ Wrong: { type: "tuple" } })).toThrow("tuple");
});
