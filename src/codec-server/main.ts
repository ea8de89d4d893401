import { pino } from 'pino';
import { ConfigError, loadConfig } from '../config';
import { encryptionCodec } from '../temporal/payload-codec';
import { createCodecServer } from './app';
import { createAuthenticate } from './authenticate';

async function main(): Promise<void> {
  const { codec, logLevel, payload, warnings } = loadConfig(process.env, 'codec-server');
  const logger = pino({ level: logLevel, name: 'mfa-codec-server' });
  for (const warning of warnings) logger.warn(warning);

  const authenticate = createAuthenticate(codec);
  const app = await createCodecServer({
    codec: encryptionCodec(payload),
    allowedOrigins: codec.allowedOrigins,
    ...(authenticate === undefined ? {} : { authenticate }),
    encode: codec.encode,
    revealSecrets: codec.revealSecrets,
    logger,
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void app.close());
  await app.listen({ host: codec.host, port: codec.port });
}

main().catch((error: unknown) => {
  // A configuration is mended by whoever reads this; a stack trace would only be in the way.
  console.error(error instanceof ConfigError ? error.message : error);
  process.exitCode = 1;
});
