/** Time limits on answers are kept by the caller of a model; these only end what everyone has forgotten. */
export const providerLimits = {
  headersTimeoutMs: 15 * 60_000,
  bodyTimeoutMs: 15 * 60_000,
  maxBodyBytes: 64 * 1024 * 1024,
};
