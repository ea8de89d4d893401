/** Names every fault of an environment, and no value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly faults: readonly string[]) {
    super(['This configuration cannot be used:', ...faults.map((fault) => `  - ${fault}`)].join('\n'));
  }
}
