import { expect, test } from "vitest";
import { hostOf, packageHostEntries, registryNetwork } from "./registry-hosts.ts";

test.each([
  ["https://index.example/simple/", "index.example:443"],
  ["http://u:p@Index.example:3141/", "index.example:3141"],
  ["http://[::1]/", "[::1]:80"],
])("the host of %s is %s", (url, host) => {
  expect(hostOf(url)).toBe(host);
});

test.each(["file:///wheels", "index.example", ""])("%j is no registry", (url) => {
  expect(() => hostOf(url)).toThrow(expect.objectContaining({ code: "preparation_failed" }));
});

test("a host without a port means its usual ones", () => {
  expect(packageHostEntries(["Files.example", "other.example:8443"])).toEqual([
    "files.example:443",
    "files.example:80",
    "other.example:8443",
  ]);
});

test("only the registries are connected to, and the rest is written down", async () => {
  const connected: unknown[] = [];
  const refused = new Set<string>();
  const outbound = {
    connect: async (target: unknown) => {
      connected.push(target);
      throw new Error("far enough");
    },
  };
  const { connect } = registryNetwork(outbound, ["index.example:443", "[::1]:80"], refused);
  const { signal } = new AbortController();
  await expect(connect({ host: "INDEX.example", port: 443 }, signal)).rejects.toThrow("far enough");
  await expect(connect({ host: "::1", port: 80 }, signal)).rejects.toThrow("far enough");
  await expect(connect({ host: "index.example", port: 22 }, signal)).rejects.toMatchObject({ code: "address_refused" });
  expect(connected).toHaveLength(2);
  expect([...refused]).toEqual(["index.example:22"]);
});
