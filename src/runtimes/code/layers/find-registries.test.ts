import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Sandbox } from "../../../sandbox/sandbox.ts";
import { findNpmRegistry, findPythonRegistry } from "./find-registries.ts";

/** Programs that answer as pip and npm do, so that nothing hangs on how this machine is configured. */
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "runyard-registries-"));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function answering(name: "python3" | "node", answer: unknown): Promise<Sandbox["tools"]> {
  const source = join(folder, name);
  await writeFile(source, `#!/bin/sh\ncat <<'END'\n${JSON.stringify(answer)}\nEND\n`);
  await chmod(source, 0o755);
  return [
    { name, source },
    { name: "npm", source: folder },
  ];
}

const pip = {
  index: "https://default.example/simple",
  extra: [],
  default: "https://default.example/simple",
  files: "files.example",
  certificates: ["/etc/ssl/own.pem"],
  uv: null,
};

test("pip's default index comes with the host of its files", async () => {
  expect(await findPythonRegistry(await answering("python3", pip), { packageHosts: ["more.example:8443"] })).toEqual({
    url: "https://default.example/simple",
    extraUrls: [],
    hosts: ["default.example:443", "files.example:443", "more.example:8443"],
    certificateFiles: ["/etc/ssl/own.pem"],
  });
});

test.each([
  [{ index: "http://mirror.example:3141/simple" }, "http://mirror.example:3141/simple", ["mirror.example:3141"]],
  [{ uv: "https://uv.example/simple" }, "https://uv.example/simple", ["uv.example:443"]],
])("the index that is configured here, %j, takes the place of the default", async (more, url, hosts) => {
  const found = await findPythonRegistry(await answering("python3", { ...pip, ...more }), { packageHosts: [] });
  expect(found).toMatchObject({ url, hosts });
});

test("a setting comes before what is configured, and needs nobody to ask", async () => {
  const settings = {
    pythonIndexUrl: "http://127.0.0.1:9/simple/",
    npmRegistryUrl: "http://127.0.0.1:9/",
    packageHosts: [],
  };
  expect(await findPythonRegistry(await answering("python3", pip), settings)).toMatchObject({ hosts: ["127.0.0.1:9"] });
  expect(await findPythonRegistry([], settings)).toMatchObject({ url: settings.pythonIndexUrl, certificateFiles: [] });
  expect(await findNpmRegistry([], settings)).toMatchObject({ url: settings.npmRegistryUrl, hosts: ["127.0.0.1:9"] });
});

test("npm is asked for its registry and its certificates", async () => {
  const tools = await answering("node", { registry: "https://npm.example/", cafile: "/etc/ssl/npm.pem" });
  expect(await findNpmRegistry(tools, { packageHosts: [] })).toEqual({
    url: "https://npm.example/",
    extraUrls: [],
    hosts: ["npm.example:443"],
    certificateFiles: ["/etc/ssl/npm.pem"],
  });
});

test("without a setting and without anybody to ask, the error says what to do", async () => {
  await expect(findPythonRegistry([], { packageHosts: [] })).rejects.toThrow("Install pip, or set");
  await expect(findNpmRegistry([], { packageHosts: [] })).rejects.toThrow("Install npm, or set");
});
