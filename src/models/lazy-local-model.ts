import type { LanguageModel, ModelPart, ModelRequest } from "./language-model.ts";
import type { LocalModel, LocalModelOptions } from "./local/local-model.ts";

/** A local model whose code is imported at the first call, for a server that has other models as well. */
export function createLazyLocalModel(options: LocalModelOptions): LanguageModel & AsyncDisposable {
  let model: Promise<LocalModel> | undefined;

  async function load(): Promise<LocalModel> {
    const { createLocalModel } = await import("./local/local-model.ts");
    return createLocalModel(options);
  }

  return {
    id: options.entry.name,
    continuesAnswers: true,
    async *stream(request: ModelRequest, { signal }: { signal: AbortSignal }): AsyncGenerator<ModelPart> {
      model ??= load();
      yield* (await model).stream(request, { signal });
    },
    async [Symbol.asyncDispose]() {
      await (await model)?.[Symbol.asyncDispose]();
    },
  };
}
