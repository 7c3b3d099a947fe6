import { describe, expect, it } from "vitest";
import { catalogue, defaultLocalModel, findLocalModel } from "./catalogue.ts";

describe("findLocalModel", () => {
  it("finds a model with and without the leading provider", () => {
    expect(findLocalModel("smollm2-135m")).toBe(findLocalModel("local/smollm2-135m"));
    expect(findLocalModel(defaultLocalModel).sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("takes any GGUF file of the hub by its path", () => {
    const entry = findLocalModel("local/hf:Some-Owner/some.repo/model-q4.gguf");
    expect(entry.source).toEqual({ type: "hub", repository: "Some-Owner/some.repo", file: "model-q4.gguf" });
    expect(entry.file).toBe("Some-Owner--some.repo--model-q4.gguf");
  });

  it.each(["nothing", "local/", "hf:a/b", "hf:../../x.gguf", "hf:a/../x.gguf", "hf:a/b/c.bin", "hf:a/b/c/d.gguf"])(
    "refuses %s and names what there is",
    (name) => {
      expect(() => findLocalModel(name)).toThrow(
        expect.objectContaining({ code: "invalid_field_value", message: expect.stringContaining(defaultLocalModel) }),
      );
    },
  );

  it("has one file and one name for each model", () => {
    expect(new Set(catalogue.map((entry) => entry.file)).size).toBe(catalogue.length);
    expect(new Set(catalogue.map((entry) => entry.name)).size).toBe(catalogue.length);
  });
});
