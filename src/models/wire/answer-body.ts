import { StringDecoder } from "node:string_decoder";
import { createParser } from "eventsource-parser";
import type { OutboundResponse } from "../../egress/outbound.ts";
import { type ProviderIdentity, providerError, readProblem, webPage } from "./provider-error.ts";

/** Turns what a provider sends into parts. One is made for each answer. */
export interface AnswerReader {
  /**
   * Takes the next event of the stream.
   * @returns true when the answer is whole, its `finish` part given out; nothing is read after it
   */
  readEvent(type: string | undefined, data: string): boolean;
  /** Takes a whole answer from a server that does not stream. */
  readWhole(body: unknown): void;
  /** The stream is at its end: gives out `finish`, or throws when the answer is not whole. */
  readEnd(): void;
}

/** Takes the bytes of one response; what it throws ends the call. */
export interface AnswerBody {
  /** @returns true when the answer is whole: more bytes are not asked for */
  add(chunk: Buffer): boolean;
  /** The response is at its end, and the answer with it. */
  end(): void;
}

const maxEventCharacters = 16 * 1024 * 1024;
const maxErrorBytes = 256 * 1024;

/**
 * What kind of body a response has, by its head.
 * @throws RunyardError `model_refused` for a web page
 */
export function answerBody(
  identity: ProviderIdentity,
  reader: AnswerReader,
  status: number,
  headers: OutboundResponse["headers"],
): AnswerBody {
  if (status < 200 || status > 299) return new ProblemBody(identity, status, headers);
  const contentType = String(headers["content-type"]);
  if (contentType.startsWith("text/html")) throw webPage(identity, status);
  return contentType.includes("application/json") ? new WholeBody(reader) : new EventsBody(reader);
}

class EventsBody implements AnswerBody {
  readonly #reader: AnswerReader;
  readonly #decoder = new StringDecoder("utf8");
  #isWhole = false;
  readonly #parser = createParser({
    maxBufferSize: maxEventCharacters,
    onEvent: ({ event, data }) => {
      if (!this.#isWhole) this.#isWhole = this.#reader.readEvent(event, data);
    },
    onError: (error) => {
      if (error.type === "max-buffer-size-exceeded") throw error;
    },
  });

  constructor(reader: AnswerReader) {
    this.#reader = reader;
  }

  add(chunk: Buffer): boolean {
    this.#parser.feed(this.#decoder.write(chunk));
    return this.#isWhole;
  }

  end(): void {
    // Some servers leave out the blank line after the last event.
    this.#parser.feed(`${this.#decoder.end()}\n\n`);
    if (!this.#isWhole) this.#reader.readEnd();
  }
}

class WholeBody implements AnswerBody {
  readonly #reader: AnswerReader;
  readonly #chunks: Buffer[] = [];

  constructor(reader: AnswerReader) {
    this.#reader = reader;
  }

  add(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    return false;
  }

  end(): void {
    this.#reader.readWhole(JSON.parse(Buffer.concat(this.#chunks).toString("utf8")));
  }
}

/** The body of an error answer, of which the beginning is enough. */
class ProblemBody implements AnswerBody {
  readonly #identity: ProviderIdentity;
  readonly #status: number;
  readonly #headers: OutboundResponse["headers"];
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(identity: ProviderIdentity, status: number, headers: OutboundResponse["headers"]) {
    this.#identity = identity;
    this.#status = status;
    this.#headers = headers;
  }

  add(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= maxErrorBytes) this.end();
    return false;
  }

  end(): never {
    const text = Buffer.concat(this.#chunks).toString("utf8");
    throw providerError(this.#identity, readProblem(this.#status, this.#headers, text));
  }
}
