/**
 * One server-sent event. `data` is JSON text or any other text without line breaks.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function sseFrame(frame: { id?: number | string; event?: string; data: string }): string {
  const id = frame.id === undefined ? "" : `id: ${frame.id}\n`;
  const event = frame.event === undefined ? "" : `event: ${frame.event}\n`;
  return `${id}${event}data: ${frame.data}\n\n`;
}
