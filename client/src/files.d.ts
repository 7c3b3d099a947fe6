import type { Transport } from "./transport.ts";
import type { Deleted, Page, PageQuery, StoredFile } from "./types.ts";
export declare class Files {
    #private;
    constructor(transport: Transport);
    /** Sent once, never retried: a file may be large and its source readable only once. */
    upload(content: Blob, name: string): Promise<StoredFile>;
    list(query?: PageQuery): Promise<Page<StoredFile>>;
    listAll(query?: PageQuery): AsyncGenerator<StoredFile, void>;
    get(fileId: string): Promise<StoredFile>;
    /** The file's bytes, unread: `body` is a stream, `arrayBuffer()` and `text()` read it whole. */
    download(fileId: string): Promise<Response>;
    delete(fileId: string): Promise<Deleted>;
}
