import type { Transport } from "./transport.ts";
import type { ApiKey, ApiKeyFields, CreatedApiKey, Page, PageQuery } from "./types.ts";
export declare class Keys {
    #private;
    constructor(transport: Transport);
    /** The answer is the only place where the key's full text is ever shown. */
    create(key: ApiKeyFields): Promise<CreatedApiKey>;
    list(query?: PageQuery): Promise<Page<ApiKey>>;
    listAll(query?: PageQuery): AsyncGenerator<ApiKey, void>;
    revoke(keyId: string): Promise<{
        id: string;
        deleted: true;
        revokedAt: string;
    }>;
}
