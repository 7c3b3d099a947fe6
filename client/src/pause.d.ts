/** Resolves after a time in milliseconds; rejects with the signal's reason when it aborts first. */
export declare function pause(ms: number, signal?: AbortSignal): Promise<void>;
