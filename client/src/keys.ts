import { idSegment } from "./id-segment.ts";
import type { Transport } from "./transport.ts";
import type { ApiKey, ApiKeyFields, CreatedApiKey, Page, PageQuery } from "./types.ts";
import { walkPages } from "./walk-pages.ts";

export class Keys {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The answer is the only place where the key's full text is ever shown. */
  create(key: ApiKeyFields): Promise<CreatedApiKey> {
    return this.#transport.json({ method: "POST", path: "/v1/keys", body: key });
  }

  list(query: PageQuery = {}): Promise<Page<ApiKey>> {
    return this.#transport.json({ method: "GET", path: "/v1/keys", query: { ...query } });
  }

  listAll(query: PageQuery = {}): AsyncGenerator<ApiKey, void> {
    return walkPages((at) => this.list(at), query);
  }

  revoke(keyId: string): Promise<{ id: string; deleted: true; revokedAt: string }> {
    return this.#transport.json({ method: "DELETE", path: `/v1/keys/${idSegment(keyId)}` });
  }
}
