import { loadConfig } from '../config';
import { defined } from '../enrollment/defined';
import { createLogger } from '../logger';
import { runMain } from '../run-main';
import { encryptionCodec } from '../temporal/payload-codec';
import { createCodecServer } from './app';
import { createAuthenticate } from './authenticate';

async function main(): Promise<void> {
  const { codec, logLevel, payload, warnings } = loadConfig(process.env, 'codec-server');
  const logger = createLogger('mfa-codec-server', logLevel);
  for (const warning of warnings) logger.warn(warning);

  const authenticate = createAuthenticate(codec);
  const app = await createCodecServer({
    codec: encryptionCodec({ ...payload, readV1: true }), // for people to look at: nothing is carried out here
    allowedOrigins: codec.allowedOrigins,
    ...defined({ authenticate }),
    encode: codec.encode,
    revealSecrets: codec.revealSecrets,
    logger,
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void app.close());
  await app.listen({ host: codec.host, port: codec.port });
}

void runMain(main);
