/** What differs between generations of Claude models, as far as a request must know. */
export interface ClaudeTraits {
  /** A last assistant message is gone on from. Refused with a 400 since 4.6. */
  prefill: boolean;
  /** `temperature` and `top_p` are taken. Refused with a 400 since 4.7. */
  sampling: boolean;
  /** `output_config.format` is known: since 4.5, and Opus 4.1. */
  structuredOutput: boolean;
}

/**
 * Reads the generation out of names like `claude-3-5-haiku-latest`, `claude-opus-4-20250514` and `claude-sonnet-4-6`.
 * A Claude model without a number is taken for a new one; the models of other vendors behind this wire for ones that
 * take what the wire first had.
 * @see https://platform.claude.com/docs/en/about-claude/models/migration-guide
 * @see https://platform.claude.com/docs/en/build-with-claude/structured-outputs
 */
export function claudeTraits(modelName: string): ClaudeTraits {
  if (!/\bclaude\b/.test(modelName)) return { prefill: true, sampling: true, structuredOutput: false };
  const match = /claude-(?:[a-z]+-)*(?<major>\d+)(?:[-.](?<minor>\d{1,2}))?(?!\d)/.exec(modelName);
  const major = match?.groups?.major;
  const generation = major === undefined ? Infinity : Number(major) * 100 + Number(match?.groups?.minor ?? 0);
  return {
    prefill: generation < 406,
    sampling: generation < 407,
    structuredOutput: generation >= 405 || (generation === 401 && modelName.includes("opus")),
  };
}
