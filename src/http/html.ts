/** Text that is safe to stand in a page as it is. */
export interface Html {
  readonly html: string;
}

type Part = Html | string | number;

/** Makes HTML from a template; whatever is put in is escaped unless it is HTML already. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  let text = strings[0] ?? "";
  for (const [index, value] of values.entries()) text += asHtml(value) + (strings[index + 1] ?? "");
  return { html: text };
}

/** Pieces one after the other; empty ones leave no separator. */
export function joined(pieces: readonly Html[], separator = ""): Html {
  return {
    html: pieces
      .map((piece) => piece.html)
      .filter((text) => text !== "")
      .join(escape(separator)),
  };
}

/** Plain words with `code` between backticks. */
export function prose(text: string): Html {
  return joined(text.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`)));
}

function asHtml(value: Part): string {
  return typeof value === "object" ? value.html : escape(String(value));
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
