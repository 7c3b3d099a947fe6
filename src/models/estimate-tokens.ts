/**
 * Counts tokens without a tokenizer: a word is one token for each six letters begun, any other visible sign is one, and
 * letters of scripts without blanks count one each. An estimate, for where a provider sends no count.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const [found] of text.matchAll(/[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{M}\p{Nd}]+|[^\s]/gu)) {
    tokens += Math.ceil(found.length / 6);
  }
  return tokens;
}
