/** The part of JSON Schema that the OpenAPI documents of the server use. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  propertyNames?: Schema;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

/** One exported TypeScript type for each named schema, in the order given, with the descriptions as docstrings. */
export function renderTypes(schemas: Readonly<Record<string, Schema>>): string {
  return Object.entries(schemas)
    .map(([name, schema]) => `${docstring(schema, "")}export type ${name} = ${renderType(schema, "")};\n`)
    .join("\n");
}

function renderType(schema: Schema, indent: string): string {
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants !== undefined) return joinTypes(variants, " | ", indent);
  if (schema.allOf !== undefined) return joinTypes(schema.allOf, " & ", indent);
  if (Array.isArray(schema.type))
    return joinTypes(
      schema.type.map((type) => ({ ...schema, type })),
      " | ",
      indent,
    );
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "number":
    case "integer":
      return "number";
    case "array":
      return `${inParentheses(renderType(schema.items ?? {}, indent))}[]`;
    case "object":
      return renderObject(schema, indent);
    case undefined:
      return schema.properties === undefined ? "Json" : renderObject(schema, indent);
    default:
      throw new Error(`no TypeScript for the JSON Schema type ${String(schema.type)}`);
  }
}

function renderObject(schema: Schema, indent: string): string {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) return `{ [key: string]: ${memberType(schema.additionalProperties, indent)} }`;
  const inner = `${indent}  `;
  const members = properties.map(([name, member]) => {
    const mark = schema.required?.includes(name) === true ? "" : "?";
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    return `${docstring(member, inner)}${inner}${key}${mark}: ${renderType(member, inner)};\n`;
  });
  return `{\n${members.join("")}${indent}}`;
}

function memberType(additional: boolean | Schema | undefined, indent: string): string {
  if (additional === false) return "never";
  return typeof additional === "object" ? renderType(additional, indent) : "Json";
}

function joinTypes(schemas: readonly Schema[], operator: string, indent: string): string {
  const types = new Set(schemas.map((schema) => renderType(schema, indent)));
  return [...types].map((type) => (types.size > 1 && operator === " & " ? inParentheses(type) : type)).join(operator);
}

/** A union of objects holds ` | ` within its members as well; parentheses that are not needed go with the formatter. */
function inParentheses(type: string): string {
  return type.includes(" | ") || type.includes(" & ") ? `(${type})` : type;
}

function docstring(schema: Schema, indent: string): string {
  return schema.description === undefined ? "" : `${indent}/** ${schema.description.replaceAll("*/", "* /")} */\n`;
}
