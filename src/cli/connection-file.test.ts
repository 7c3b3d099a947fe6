import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectionFilePath, readConnection, rememberServer } from "./connection-file.ts";
import { findConnection } from "./connect.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runyard-connection-"));
  path = connectionFilePath({ XDG_CONFIG_HOME: folder });
});
afterEach(() => rmSync(folder, { recursive: true }));

const server = { url: "http://127.0.0.1:8787", apiKey: "ya_live_sk_one", dataDir: "/data/one" };

function write(content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode: 0o644 });
}

test("the file lies in XDG_CONFIG_HOME, else in .config of the home directory", () => {
  expect(path).toBe(join(folder, "runyard", "cli.json"));
  expect(connectionFilePath({ HOME: "/home/u" })).toBe("/home/u/.config/runyard/cli.json");
  expect(connectionFilePath({ HOME: "/home/u", XDG_CONFIG_HOME: "" })).toBe("/home/u/.config/runyard/cli.json");
});

test("a server is remembered in a file that only its owner can read", () => {
  expect(rememberServer(path, server)).toBe(true);
  expect(readConnection(path)).toEqual(server);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
});

test("the same server at another port keeps the key that is shown only once", () => {
  rememberServer(path, server);
  expect(rememberServer(path, { url: "http://127.0.0.1:9000", dataDir: server.dataDir })).toBe(true);
  expect(readConnection(path)).toEqual({ ...server, url: "http://127.0.0.1:9000" });
});

test("a file of another server, or one that a person wrote, stays as it is", () => {
  rememberServer(path, server);
  expect(rememberServer(path, { ...server, apiKey: "ya_live_sk_two", dataDir: "/data/two" })).toBe(false);
  expect(readConnection(path)).toEqual(server);
  const byHand = '{"url":"https://runyard.example.com","apiKey":"mine"}';
  write(byHand);
  expect(rememberServer(path, server)).toBe(false);
  expect(readConnection(path)).toEqual({ url: "https://runyard.example.com", apiKey: "mine" });
});

test("a server whose key nobody knows is not remembered", () => {
  expect(rememberServer(path, { url: server.url, dataDir: server.dataDir })).toBe(false);
  expect(readConnection(path)).toBeUndefined();
});

test("a damaged file is an error that names it", () => {
  for (const content of ["{", "null", "[]", '{"url":5}', '{"url":"http://x","apiKey":1}']) {
    write(content);
    expect(() => readConnection(path)).toThrow(path);
  }
});

test("flag, then environment, then file, then the default address", () => {
  const environment = { XDG_CONFIG_HOME: folder };
  expect(findConnection({}, environment)).toEqual({ url: "http://127.0.0.1:8787" });
  rememberServer(path, { ...server, url: "http://127.0.0.1:9000" });
  expect(findConnection({}, environment)).toEqual({ url: "http://127.0.0.1:9000", apiKey: "ya_live_sk_one" });
  expect(findConnection({}, { ...environment, RUNYARD_API_KEY: "k" })).toEqual({
    url: "http://127.0.0.1:9000",
    apiKey: "k",
  });
  expect(findConnection({}, { ...environment, RUNYARD_URL: "http://b", RUNYARD_API_KEY: "k" })).toEqual({
    url: "http://b",
    apiKey: "k",
  });
  expect(
    findConnection({ url: "http://c" }, { ...environment, RUNYARD_URL: "http://b", RUNYARD_API_KEY: "k" }),
  ).toEqual({ url: "http://c", apiKey: "k" });
});

test("the file's key goes to no other server than the file's", () => {
  rememberServer(path, server);
  expect(findConnection({ url: "https://elsewhere.example.com" }, { XDG_CONFIG_HOME: folder })).toEqual({
    url: "https://elsewhere.example.com",
  });
  expect(findConnection({ url: `${server.url}/` }, { XDG_CONFIG_HOME: folder })).toEqual({
    url: `${server.url}/`,
    apiKey: server.apiKey,
  });
});

test("what is no URL is refused", () => {
  expect(() => findConnection({ url: "localhost:8787" }, { XDG_CONFIG_HOME: folder })).toThrow(
    "not an http or https URL",
  );
});
