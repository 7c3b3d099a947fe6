import { z } from "zod";
import { type Html, html, joined, prose } from "./html.ts";

/** What the page shows of a JSON Schema; the rest of it is in the document itself. */
export type ShownSchema = {
  $ref?: string;
  type?: string | string[];
  title?: string;
  description?: string;
  format?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  properties?: Record<string, ShownSchema>;
  required?: string[];
  items?: ShownSchema;
  anyOf?: ShownSchema[];
  oneOf?: ShownSchema[];
};

export const shownSchema: z.ZodType<ShownSchema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    title: z.string().optional(),
    description: z.string().optional(),
    format: z.string().optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    default: z.unknown().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    minLength: z.number().optional(),
    maxLength: z.number().optional(),
    maxItems: z.number().optional(),
    properties: z.record(z.string(), shownSchema).optional(),
    required: z.array(z.string()).optional(),
    items: shownSchema.optional(),
    anyOf: z.array(shownSchema).optional(),
    oneOf: z.array(shownSchema).optional(),
  }),
);

/** A schema as a type line and, for objects, a table of its members. */
export function renderSchema(schema: ShownSchema): Html {
  return html`<p class="type">${typeLine(schema)}</p>
    ${schema.description === undefined ? "" : html`<p>${prose(schema.description)}</p>`} ${renderMembers(schema)}`;
}

/** The table of an object's members, or of those of a list's items; nothing for other schemas. */
export function renderMembers(schema: ShownSchema): Html {
  const variants = schema.anyOf ?? schema.oneOf ?? [];
  const shownVariants = variants.filter((variant) => variant.properties !== undefined);
  if (shownVariants.length > 0) return joined(shownVariants.map(renderSchema));
  const members = Object.entries(schema.properties ?? schema.items?.properties ?? {});
  if (members.length === 0) return html``;
  const required = new Set(schema.required ?? schema.items?.required ?? []);
  const rows = members.map(
    ([name, member]) =>
      html`<tr>
        <th scope="row"><code>${name}</code>${required.has(name) ? html` <b title="required">*</b>` : ""}</th>
        <td>${typeLine(member)}</td>
        <td>${prose(member.description ?? "")}${renderMembers(member)}</td>
      </tr>`,
  );
  return html`<table>
    <tbody>
      ${joined(rows)}
    </tbody>
  </table>`;
}

/** `integer, 1 to 100, default 20` and the like. */
export function typeLine(schema: ShownSchema): Html {
  const facts: Html[] = [typeName(schema)];
  if (schema.minimum !== undefined || schema.maximum !== undefined) facts.push(range(schema.minimum, schema.maximum));
  if (schema.minLength !== undefined || schema.maxLength !== undefined) {
    facts.push(html`${range(schema.minLength, schema.maxLength)} characters`);
  }
  if (schema.maxItems !== undefined) facts.push(html`at most ${schema.maxItems} items`);
  if (schema.default !== undefined) facts.push(html`default <code>${JSON.stringify(schema.default)}</code>`);
  return joined(facts, ", ");
}

function typeName(schema: ShownSchema): Html {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum !== undefined) return joined(schema.enum.map(code), " | ");
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants !== undefined) return joined(variants.map(typeName), " | ");
  if (schema.type === "array") return html`list of ${typeName(schema.items ?? {})}`;
  const type = [schema.type ?? "any JSON"].flat().join(" | ");
  return schema.format === undefined ? html`${type}` : html`${type} (${schema.format})`;
}

function code(value: unknown): Html {
  return html`<code>${JSON.stringify(value)}</code>`;
}

/** The widest integers stand for no bound. */
function range(low: number | undefined, high: number | undefined): Html {
  const hasLow = low !== undefined && low > Number.MIN_SAFE_INTEGER;
  const hasHigh = high !== undefined && high < Number.MAX_SAFE_INTEGER;
  if (hasLow && hasHigh) return html`${low} to ${high}`;
  if (hasHigh) return html`at most ${high}`;
  return hasLow ? html`at least ${low}` : html``;
}
