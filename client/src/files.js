import { walkPages } from "./walk-pages.js";
export class Files {
    #transport;
    constructor(transport) {
        this.#transport = transport;
    }
    /** Sent once, never retried: a file may be large and its source readable only once. */
    upload(content, name) {
        const form = new FormData();
        form.append("file", content, name);
        return this.#transport.json({ method: "POST", path: "/v1/files", body: form });
    }
    list(query = {}) {
        return this.#transport.json({ method: "GET", path: "/v1/files", query: { ...query } });
    }
    listAll(query = {}) {
        return walkPages((at) => this.list(at), query);
    }
    get(fileId) {
        return this.#transport.json({ method: "GET", path: filePath(fileId) });
    }
    /** The file's bytes, unread: `body` is a stream, `arrayBuffer()` and `text()` read it whole. */
    download(fileId) {
        return this.#transport.send({ method: "GET", path: `${filePath(fileId)}/content` });
    }
    delete(fileId) {
        return this.#transport.json({ method: "DELETE", path: filePath(fileId) });
    }
}
function filePath(fileId) {
    return `/v1/files/${encodeURIComponent(fileId)}`;
}
//# sourceMappingURL=files.js.map