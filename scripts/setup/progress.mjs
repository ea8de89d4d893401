import { clearInterval, setInterval } from 'node:timers';

const megabytes = (bytes) => (bytes / 1_000_000).toFixed(1);

/**
 * Shows that something is still going on: one line rewritten each second on a terminal, a plain line every ten
 * seconds elsewhere. Returns `{ bytes(received, total), stop() }`.
 */
export function progress(what, output = process.stdout) {
  const started = Date.now();
  let amount = '';
  const line = () => `setup: … ${what}: ${amount}${Math.round((Date.now() - started) / 1000)} s`;
  const timer = setInterval(
    () => {
      if (output.isTTY) output.write(`\r\u001b[K${line()}`);
      else output.write(`${line()}\n`);
    },
    output.isTTY ? 1_000 : 10_000,
  );
  return {
    bytes(received, total) {
      amount = `${megabytes(received)}${total ? ` of ${megabytes(total)}` : ''} MB, `;
    },
    stop() {
      clearInterval(timer);
      if (output.isTTY) output.write('\r\u001b[K');
    },
  };
}
