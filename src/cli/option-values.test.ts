import { expect, test } from "vitest";
import {
  collectJsonPair,
  collectList,
  collectMetadata,
  collectPair,
  parseCount,
  parseLimit,
  parseNumber,
} from "./option-values.ts";

test("pairs are collected; a value is JSON where it reads as JSON, else text", () => {
  expect(collectPair("n=5", collectPair("user=Sarah=x"))).toEqual({ user: "Sarah=x", n: 5 });
  expect(collectPair('list=[1,"a"]')).toEqual({ list: [1, "a"] });
  expect(() => collectPair("=5")).toThrow("Expected NAME=VALUE.");
  expect(() => collectPair("alone")).toThrow("Expected NAME=VALUE.");
});

test("metadata keeps texts, numbers and booleans, and takes other JSON as text", () => {
  expect(collectMetadata("a=true", collectMetadata("b=[1]"))).toEqual({ b: "[1]", a: true });
  expect(collectMetadata("a=null")).toEqual({ a: "null" });
});

test("a tool result must be JSON", () => {
  expect(collectJsonPair('look_up={"x":1}')).toEqual({ look_up: { x: 1 } });
  expect(() => collectJsonPair("look_up=oops")).toThrow("Expected JSON");
});

test("lists may be repeated or joined by commas", () => {
  expect(collectList("c", collectList("a, b,"))).toEqual(["a", "b", "c"]);
});

test("numbers are checked", () => {
  expect(parseLimit("100")).toBe(100);
  for (const wrong of ["0", "101", "1.5", "x", ""]) expect(() => parseLimit(wrong)).toThrow("1 to 100");
  for (const wrong of ["-1", "1e3", ""]) expect(() => parseCount(wrong)).toThrow("whole number");
  expect(parseNumber("-0.5")).toBe(-0.5);
  for (const wrong of ["", " ", "x", "Infinity"]) expect(() => parseNumber(wrong)).toThrow("a number");
});
