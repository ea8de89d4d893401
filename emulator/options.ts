import { z } from 'zod';
import { tokenEndpointAuthMethods } from './application';
import { tenantSetup } from './setup';

const port = z.coerce.number().int().min(0).max(65_535);
const hostAndPort = z.string().regex(/^[A-Za-z0-9.-]+(:\d+)?$/, 'expected host or host:port');

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'expected JSON' });
    return z.NEVER;
  }
});

const linksByName = z.record(z.string().min(1).max(40), z.url({ protocol: /^https?$/ }));

export const emulatorOptions = z
  .object({
    host: z.string().min(1).default('127.0.0.1'),
    /** 0: a free one. */
    port: port.default(0),
    controlPort: port.default(0),
    clientId: z.string().min(1).optional(),
    clientSecret: z.string().min(1).optional(),
    tokenEndpointAuthMethod: z.enum(tokenEndpointAuthMethods).optional(),
    /** The origin that clients use, when it is not `scheme://host:port`, e.g. behind a port mapping. */
    publicUrl: z
      .url({ protocol: /^https?$/ })
      .transform((url) => new URL(url).origin)
      .optional(),
    /** Canonical tenant domain: the audience is `https://<domain>/mfa/`. Default: the public origin's host and port. */
    domain: hostAndPort.optional(),
    /** Host under which tokens get an issuer of their own. */
    customDomain: hostAndPort.optional(),
    /** Serve the public side over https, with a certificate made at the start. */
    https: z.union([z.boolean(), z.stringbool()]).default(false),
    /** With https: where the certificate of the authority goes, for others to trust. Absent: a temporary folder. */
    caFile: z.string().min(1).optional(),
    /** Where users, factors, texts and keys go when the emulator stops, and come from when it starts. */
    stateFile: z.string().min(1).optional(),
    /** Addresses by name that the control page shows; in the environment as a JSON object. */
    links: z.union([json.pipe(linksByName), linksByName]).optional(),
    /** APIs, roles, applications and users that are there from the start on, and after a reset. */
    setup: z.union([json.pipe(tenantSetup), tenantSetup]).optional(),
    /** Makes ids, codes and secrets repeat. */
    seed: z.string().min(1).optional(),
  })
  .refine(({ seed, stateFile }) => seed === undefined || stateFile === undefined, {
    path: ['seed'],
    error: 'not together with a state file: a seed gives the ids of yesterday again',
  });

export type EmulatorOptions = z.input<typeof emulatorOptions>;

const variables = {
  host: 'EMULATOR_HOST',
  port: 'EMULATOR_PORT',
  controlPort: 'EMULATOR_CONTROL_PORT',
  clientId: 'EMULATOR_CLIENT_ID',
  clientSecret: 'EMULATOR_CLIENT_SECRET',
  tokenEndpointAuthMethod: 'EMULATOR_TOKEN_ENDPOINT_AUTH_METHOD',
  publicUrl: 'EMULATOR_PUBLIC_URL',
  domain: 'EMULATOR_DOMAIN',
  customDomain: 'EMULATOR_CUSTOM_DOMAIN',
  https: 'EMULATOR_HTTPS',
  caFile: 'EMULATOR_CA_FILE',
  stateFile: 'EMULATOR_STATE_FILE',
  links: 'EMULATOR_LINKS',
  setup: 'EMULATOR_SETUP',
  seed: 'EMULATOR_SEED',
} as const satisfies Record<keyof EmulatorOptions, string>;

/**
 * Reads `EMULATOR_*`; an empty variable counts as absent.
 * @throws Error that names every variable at fault.
 */
export function optionsFromEnvironment(env: NodeJS.ProcessEnv): z.output<typeof emulatorOptions> {
  const raw = Object.fromEntries(
    Object.entries(variables)
      .map(([name, variable]) => [name, env[variable]] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = emulatorOptions.safeParse(raw);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => {
    const name = Object.entries(variables).find(([option]) => option === path[0]);
    return `${name?.[1] ?? path.join('.')}: ${message}`;
  });
  throw new Error(faults.join('; '));
}
