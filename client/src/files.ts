import { idSegment } from "./id-segment.ts";
import type { Transport } from "./transport.ts";
import type { Deleted, Page, PageQuery, StoredFile } from "./types.ts";
import { walkPages } from "./walk-pages.ts";

export class Files {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Sent once, never retried: a file may be large and its source readable only once. */
  upload(content: Blob, name: string): Promise<StoredFile> {
    const form = new FormData();
    form.append("file", content, name);
    return this.#transport.json({ method: "POST", path: "/v1/files", body: form });
  }

  list(query: PageQuery = {}): Promise<Page<StoredFile>> {
    return this.#transport.json({ method: "GET", path: "/v1/files", query: { ...query } });
  }

  listAll(query: PageQuery = {}): AsyncGenerator<StoredFile, void> {
    return walkPages((at) => this.list(at), query);
  }

  get(fileId: string): Promise<StoredFile> {
    return this.#transport.json({ method: "GET", path: filePath(fileId) });
  }

  /** The file's bytes, unread: `body` is a stream, `arrayBuffer()` and `text()` read it whole. */
  download(fileId: string): Promise<Response> {
    return this.#transport.send({ method: "GET", path: `${filePath(fileId)}/content` });
  }

  delete(fileId: string): Promise<Deleted> {
    return this.#transport.json({ method: "DELETE", path: filePath(fileId) });
  }
}

function filePath(fileId: string): string {
  return `/v1/files/${idSegment(fileId)}`;
}
