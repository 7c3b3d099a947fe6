import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemsOf } from "./charm-api.ts";
import { type CharmPlatform, startCharmPlatform } from "./charm-platform.ts";

let charm: CharmPlatform;
beforeAll(async () => {
  charm = await startCharmPlatform();
});
afterAll(() => charm[Symbol.asyncDispose]());

describe("the login page of the command line", () => {
  it("loads nothing from elsewhere and may talk to this server and that port alone", async () => {
    const page = await charm.nobody.get("/charm/cli/login?port=45678");
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self' http://127.0.0.1:45678;");
    expect(policy).not.toContain("unsafe");
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? "";
    expect(page.text).toContain(`<script nonce="${nonce}">`);
    expect(page.text).not.toMatch(/(src|href)="http/);
    const other = await charm.nobody.get("/charm/cli/login?port=45678");
    expect(other.text).not.toContain(nonce);
  });

  it.each(["", "?port=", "?port=abc", "?port=0", "?port=70000", "?port=-1", "?port=1%22%3E%3Cscript%3E"])(
    "refuses the port of %j",
    async (query) => {
      const [problem] = problemsOf(await charm.nobody.get(`/charm/cli/login${query}`));
      expect(problem).toMatch(/^query\.port /);
    },
  );
});
