import { optionsFromEnvironment } from './options';
import { createEmulator } from './server';

async function main(): Promise<void> {
  const emulator = await createEmulator(optionsFromEnvironment(process.env));
  const stop = () => {
    void emulator.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const { publicUrl, controlUrl, clientId, caFile } = emulator;
  // One line that a parent process waits for; the client's secret stays out of it, logs keep stdout.
  console.log(
    JSON.stringify({ event: 'ready', public: publicUrl, control: controlUrl, clientId, ...(caFile && { caFile }) }),
  );
}

main().catch((error: unknown) => {
  console.error(`The emulator did not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
