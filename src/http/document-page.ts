import { z } from "zod";
import type { JsonObject } from "../contract/json.ts";
import { renderMembers, renderSchema, type ShownSchema, shownSchema, typeLine } from "./document-schema.ts";
import { type Html, html, joined, prose } from "./html.ts";

const contentSchema = z.record(z.string(), z.object({ schema: shownSchema.optional() }));

const operationSchema = z.object({
  operationId: z.string().optional(),
  summary: z.string().default(""),
  description: z.string().optional(),
  tags: z.array(z.string()).default([]),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.string(),
        required: z.boolean().default(false),
        description: z.string().optional(),
        schema: shownSchema.optional(),
      }),
    )
    .default([]),
  requestBody: z.object({ content: contentSchema }).optional(),
  responses: z
    .record(z.string(), z.object({ description: z.string().optional(), content: contentSchema.optional() }))
    .default({}),
});
type Operation = z.infer<typeof operationSchema> & { method: string; path: string };

const documentSchema = z.object({
  info: z.object({ title: z.string(), version: z.string(), description: z.string().default("") }),
  tags: z.array(z.object({ name: z.string(), description: z.string().default("") })).default([]),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.object({ schemas: z.record(z.string(), shownSchema).default({}) }).default({ schemas: {} }),
});

/**
 * A readable page of an OpenAPI document: one file without scripts, fonts or images, so that it works offline and under
 * the strictest content policy.
 *
 * @param documentPath where the document itself is served
 */
export function renderDocumentPage(document: JsonObject, documentPath: string): string {
  const { info, tags, paths, components } = documentSchema.parse(document);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => ({ ...operation, method, path })),
  );
  const groups = tags.map((tag) => ({ ...tag, operations: operations.filter(({ tags }) => tags[0] === tag.name) }));
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${info.title}</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <nav aria-label="Contents">
          <h2>${info.title}</h2>
          ${joined(groups.map(({ name, operations }) => renderContents(name, operations)))}
          <h3><a href="#schemas">Objects</a></h3>
        </nav>
        <main>
          <h1>${info.title} <small>${info.version}</small></h1>
          ${joined(info.description.split("\n\n").map((paragraph) => html`<p>${prose(paragraph)}</p>`))}
          <p>The same as a machine reads it: <a href="${documentPath}">${documentPath}</a> (OpenAPI 3.1).</p>
          ${joined(
            groups.map(
              ({ name, description, operations }) =>
                html`<section aria-label="${name}">
                  <h2 id="tag-${name}">${name}</h2>
                  <p>${description}</p>
                  ${joined(operations.map((operation) => renderOperation(operation, components.schemas)))}
                </section>`,
            ),
          )}
          <section aria-label="Objects">
            <h2 id="schemas">Objects</h2>
            ${joined(
              Object.entries(components.schemas).map(
                ([name, schema]) =>
                  html`<article id="schema-${name}">
                    <h3>${name}</h3>
                    ${renderSchema(schema)}
                  </article>`,
              ),
            )}
          </section>
        </main>
      </body>
    </html> `;
  return page.html;
}

function renderContents(name: string, operations: readonly Operation[]): Html {
  const items = operations.map(
    (operation) => html`<li><a href="#${anchorOf(operation)}">${operation.summary}</a></li>`,
  );
  return html`<h3><a href="#tag-${name}">${name}</a></h3>
    <ul>
      ${joined(items)}
    </ul>`;
}

/** @param schemas the document's components, so that a body's members stand beside its call */
function renderOperation(operation: Operation, schemas: Record<string, ShownSchema>): Html {
  const { method, path, summary, description, parameters, requestBody, responses } = operation;
  const paragraphs = (description ?? "").split("\n\n").filter((paragraph) => paragraph !== "");
  return html`<article id="${anchorOf(operation)}">
    <h3>${summary}</h3>
    <p class="call"><b class="${method}">${method.toUpperCase()}</b> <code>${path}</code></p>
    ${joined(paragraphs.map((paragraph) => html`<p>${prose(paragraph)}</p>`))}
    ${parameters.length === 0 ? "" : renderParameters(parameters)}
    ${
      requestBody === undefined
        ? ""
        : html`<h4>Body</h4>
            ${renderContent(requestBody.content, schemas)}`
    }
    <h4>Answers</h4>
    ${joined(
      Object.entries(responses).map(
        ([status, response]) =>
          html`<details${status.startsWith("2") ? html` open` : ""}>
<summary><b>${status}</b> ${response.description ?? ""}</summary>
${renderContent(response.content ?? {})}
</details>`,
      ),
    )}
  </article>`;
}

function renderParameters(parameters: Operation["parameters"]): Html {
  const rows = parameters.map(
    ({ name, in: place, required, description, schema }) =>
      html`<tr>
        <th scope="row">
          <code>${name}</code>${required ? html` <b title="required">*</b>` : ""} <small>${place}</small>
        </th>
        <td>${typeLine(schema ?? {})}</td>
        <td>${prose(description ?? schema?.description ?? "")}</td>
      </tr>`,
  );
  return html`<h4>Parameters</h4>
    <table>
      <tbody>
        ${joined(rows)}
      </tbody>
    </table>`;
}

function renderContent(content: z.infer<typeof contentSchema>, schemas: Record<string, ShownSchema> = {}): Html {
  return joined(
    Object.entries(content).map(([type, { schema = {} }]) => {
      const target =
        schema.$ref === undefined ? undefined : schemas[schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)];
      return html`<p><small>${type}</small></p>
        ${renderSchema(schema)} ${target === undefined ? "" : renderMembers(target)}`;
    }),
  );
}

function anchorOf({ operationId, method, path }: Operation): string {
  return operationId ?? `${method}-${path.replaceAll(/[^a-zA-Z0-9]+/g, "-")}`;
}

const style = {
  html: `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #0b6bcb; }
@media (prefers-color-scheme: dark) { :root { --accent: #6cb6ff; } }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem 1.25rem; border-right: 1px solid var(--line); box-sizing: border-box; font-size: .9rem; }
nav ul { list-style: none; margin: 0; padding: 0 0 0 .75rem; } nav h3 { margin: 1rem 0 .25rem; } nav h2 { margin: 0; font-size: 1.1rem; }
main { padding: 1rem 2.5rem 4rem; max-width: 60rem; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
article { border-top: 1px solid var(--line); padding: .25rem 0 1.25rem; }
h1 small { font-weight: normal; opacity: .6; font-size: 1rem; }
h4 { margin: 1rem 0 .25rem; } code { font: .9em ui-monospace, monospace; }
.call { background: var(--soft); padding: .5rem .75rem; border-radius: .4rem; overflow-x: auto; }
.call b { display: inline-block; min-width: 4rem; } .get { color: #1a7f37; } .post { color: #0b6bcb; } .patch { color: #9a6700; } .delete { color: #cf222e; }
@media (prefers-color-scheme: dark) { .get { color: #4ac26b; } .post { color: #6cb6ff; } .patch { color: #d4a72c; } .delete { color: #ff7b72; } }
table { border-collapse: collapse; width: 100%; font-size: .92rem; } th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-top: 1px solid var(--line); font-weight: normal; }
th { white-space: nowrap; } td table { margin-top: .35rem; } [title=required] { color: #cf222e; }
details { border-top: 1px solid var(--line); padding: .35rem 0; } summary { cursor: pointer; } p.type { margin: .25rem 0; opacity: .8; }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; border: 0; } main { padding: 1rem; } }
`,
} satisfies Html;
