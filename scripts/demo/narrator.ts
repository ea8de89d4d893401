export interface Narrator {
  title(text: string): void;
  /** A line with the time since the step before it. */
  step(text: string): void;
  detail(text: string): void;
}

export function createNarrator(write: (line: string) => void = (line) => process.stdout.write(`${line}\n`)): Narrator {
  let last = Date.now();
  return {
    title: (text) => write(`\n${text}`),
    step(text) {
      const now = Date.now();
      write(`  ${`${now - last} ms`.padStart(9)}  ${text}`);
      last = now;
    },
    detail: (text) => write(`${' '.repeat(13)}${text}`),
  };
}
