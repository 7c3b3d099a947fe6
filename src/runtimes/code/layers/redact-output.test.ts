import { expect, test } from "vitest";
import { redactOutput } from "./redact-output.ts";

test.each([
  ["Looking in indexes: https://user:pa%40ss@index.example/simple", "Looking in indexes: https://index.example/simple"],
  ["GET http://token@index.example/a", "GET http://index.example/a"],
  ["//r.example/:_authToken=npm_abc", "//r.example/:_authToken=[removed]"],
  ['"authorization": "Bearer abc.def"', '"authorization": "[removed]'],
  ["\u001B[31mERROR\u001B[0m: no", "ERROR: no"],
  ["npm error 404 GET https://r.example/@scope/a@1", "npm error 404 GET https://r.example/@scope/a@1"],
])("%j is shown as %j", (text, shown) => {
  expect(redactOutput(text)).toBe(shown);
});
