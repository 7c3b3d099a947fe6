/**
 * An id as a segment of a path.
 * @throws TypeError for what would make another path of it: no text, `.` and `..`
 */
export function idSegment(id: string): string {
  if (id === "" || id === "." || id === "..") throw new TypeError(`"${id}" is not an id.`);
  return encodeURIComponent(id);
}
