/** Does something the first time it is wanted; a failure is forgotten, so that the next who wants it tries again. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    if (result !== undefined) return result;
    const started = work();
    result = started;
    started.catch(() => {
      result = undefined;
    });
    return started;
  };
}
