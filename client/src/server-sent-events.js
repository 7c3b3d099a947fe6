/**
 * Reads messages from an event stream, in whatever pieces it arrives. Comments and other fields are passed over; what
 * stands after the last blank line when the stream ends was cut off and is dropped.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* readServerSentMessages(body) {
    const decoder = new TextDecoder();
    let pending = "";
    let id = "";
    let data = [];
    for await (const chunk of body) {
        pending += decoder.decode(chunk, { stream: true });
        const lines = pending.split(/\r\n|\n|\r(?!$)/); // a CR at the very end may be the first half of CRLF
        pending = lines.pop() ?? "";
        for (const line of lines) {
            if (line === "") {
                if (data.length > 0)
                    yield { id, data: data.join("\n") };
                data = [];
                continue;
            }
            const colon = line.indexOf(":");
            const field = colon === -1 ? line : line.slice(0, colon);
            const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
            if (field === "data")
                data.push(value);
            else if (field === "id" && !value.includes("\0"))
                id = value;
        }
    }
}
//# sourceMappingURL=server-sent-events.js.map