import Fastify from "fastify";
import { expect, it } from "vitest";
import { AllowedMethods } from "./allowed-methods.ts";

it("knows the methods of a path by any of its patterns", () => {
  const app = Fastify();
  const methods = new AllowedMethods(app);
  app.get("/a/:id", () => "");
  app.delete("/a/:id", () => "");
  app.post("/a/new", () => "");
  app.get("/files/*", { exposeHeadRoute: false }, () => "");
  expect(methods.of("/a/7")).toEqual(["DELETE", "GET", "HEAD"]);
  expect(methods.of("/a/7/")).toEqual(["DELETE", "GET", "HEAD"]);
  expect(methods.of("/a/new")).toEqual(["DELETE", "GET", "HEAD", "POST"]);
  expect(methods.of("/a/7/b")).toEqual([]);
  expect(methods.of("/files/a/b.txt")).toEqual(["GET"]);
});
