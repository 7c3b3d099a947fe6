/** One dispatched message of an event stream. */
export interface ServerSentMessage {
    /** The last `id:` line seen, empty before the first. */
    id: string;
    data: string;
}
/**
 * Reads messages from an event stream, in whatever pieces it arrives. Comments and other fields are passed over; what
 * stands after the last blank line when the stream ends was cut off and is dropped.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export declare function readServerSentMessages(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentMessage>;
