import { expect, it } from "vitest";
import { html, joined, prose } from "./html.ts";

it("escapes what is put in, but not what is HTML already", () => {
  const name = `<b class="x">&'`;
  expect(html`<p title="${name}">${html`<i>${1}</i>`}</p>`.html).toBe(
    '<p title="&#60;b class=&#34;x&#34;&#62;&#38;&#39;"><i>1</i></p>',
  );
  expect(joined([html`a`, html``, html`b`], ", ").html).toBe("a, b");
});

it("shows what stands between backticks as code", () => {
  expect(prose("send `<after>` or `b`").html).toBe("send <code>&#60;after&#62;</code> or <code>b</code>");
});
