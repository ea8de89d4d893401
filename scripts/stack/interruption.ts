/** Resolves when the person at the terminal, or whoever runs us, asks us to end. */
export const interruption = (): Promise<'interrupted'> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'));
  });
