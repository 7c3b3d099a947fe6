import { randomUUID } from "node:crypto";
import type { ModelPart } from "../language-model.ts";
import type { SpelledTools } from "../wire/spelled-tools.ts";
import { readArguments } from "../wire/tool-arguments.ts";
import type { ChatToolCallDelta } from "./chat-chunk.ts";

interface OpenCall {
  index: number | undefined;
  id: string;
  name: string;
  arguments: string;
}

/**
 * Puts tool calls together from their pieces. By the book a piece carries the index of its call, and the first one the id
 * and the name. Beyond the book: Ollama sends whole calls, which all had index 0 in older versions; some servers send no
 * index, no id, a new id with each piece, or the id and the name again with each piece.
 */
export class ToolCallAssembly {
  readonly #calls: OpenCall[] = [];

  get empty(): boolean {
    return this.#calls.length === 0;
  }

  add(piece: ChatToolCallDelta): void {
    const index = typeof piece.index === "number" ? piece.index : undefined;
    const id = typeof piece.id === "string" ? piece.id : "";
    const name = typeof piece.function?.name === "string" ? piece.function.name : "";
    let call = this.#find(index, id, name);
    if (call === undefined) {
      call = { index, id, name: "", arguments: "" };
      this.#calls.push(call);
    }
    if (call.id === "") call.id = id;
    // A name may come in pieces before the arguments, or be repeated with each of them.
    if (name !== "" && name !== call.name && call.arguments === "") call.name += name;
    const given = piece.function?.arguments;
    if (typeof given === "string") call.arguments += given;
    else if (typeof given === "object" && given !== null) call.arguments += JSON.stringify(given);
  }

  /** Gives out the calls in the order they began. Ids are made where there is none, or the same one twice. */
  finish(tools: SpelledTools, give: (part: ModelPart) => void): void {
    const seen = new Set<string>();
    for (const call of this.#calls) {
      const id = call.id === "" || seen.has(call.id) ? `call_${randomUUID().replaceAll("-", "")}` : call.id;
      seen.add(id);
      const { input, invalid } = readArguments(call.arguments);
      const known = tools.fromProvider(call.name, input);
      give({ type: "tool-call", call: { id, ...known }, ...(invalid === undefined ? {} : { invalid }) });
    }
  }

  /** The call that a piece belongs to; undefined when it begins one. */
  #find(index: number | undefined, id: string, name: string): OpenCall | undefined {
    const call = this.#candidate(index, id, name);
    if (call === undefined || name === "") return call;
    if (id !== "" && call.id !== "") return id === call.id ? call : undefined;
    // A name without an id to tell by: another call begins where the one before can be complete.
    if (index === undefined && call.arguments === "") return undefined;
    return isWhole(call.arguments) ? undefined : call;
  }

  #candidate(index: number | undefined, id: string, name: string): OpenCall | undefined {
    if (index !== undefined) return this.#calls.findLast((one) => one.index === index);
    const last = this.#calls.at(-1);
    if (id === "") return last;
    return this.#calls.findLast((one) => one.id === id) ?? (name === "" ? last : undefined);
  }
}

function isWhole(argumentsText: string): boolean {
  return argumentsText !== "" && readArguments(argumentsText).invalid === undefined;
}
