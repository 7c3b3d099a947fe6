import { createHash } from "node:crypto";

/** The longest name of a file that Linux takes, in bytes. */
const longest = 255;

/**
 * A name that a folder can have for any text: letters, digits and `_ @ + - .` stay, all else is written as `%` and two hex
 * digits for each byte, also a dot in front. Different texts have different names, and none leads anywhere else. One that
 * would be too long ends in the SHA-256 of the text.
 */
export function folderName(text: string): string {
  const escaped = [...Buffer.from(text, "utf8")]
    .map((byte, index) => {
      const character = String.fromCharCode(byte);
      const stays = index === 0 ? /[\w@+-]/.test(character) : /[\w@+.-]/.test(character);
      return stays ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
  if (escaped === "") return "%";
  if (escaped.length <= longest) return escaped;
  const digest = createHash("sha256").update(text).digest("hex");
  return `${escaped.slice(0, 100)}%${digest}`;
}
