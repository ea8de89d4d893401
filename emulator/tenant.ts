import type { Api, Role } from './api';
import { type Application, createApplication, type TokenEndpointAuthMethod } from './application';
import type { Challenge } from './challenge';
import { type Clock, createClock, epochSeconds } from './clock';
import type { Fault } from './faults';
import type { Message } from './inbox';
import { readKeptState, writeKeptState, type Keys } from './kept-state';
import type { TenantLog } from './tenant-log';
import type { Place } from './place';
import { alphabets, createRandom, type Random } from './random';
import type { RequestRecord } from './requests';
import { createSeals, type Seals } from './seals';
import { defaultSwitches, type Switches } from './switches';
import { createTokens, newSigningKey, type Tokens } from './tokens';
import type { AuthorizationCode, RefreshToken, Session, SignIn } from './sign-in';
import type { User } from './user';

/** Everything the emulator remembers. Lives in memory; with a `stateFile` it outlives the process. */
interface State {
  readonly users: Map<string, User>;
  readonly applications: Map<string, Application>;
  /** By identifier. */
  readonly apis: Map<string, Api>;
  /** By name. */
  readonly roles: Map<string, Role>;
  readonly challenges: Map<string, Challenge>;
  readonly authorizationCodes: Map<string, AuthorizationCode>;
  readonly refreshTokens: Map<string, RefreshToken>;
  readonly signIns: Map<string, SignIn>;
  /** By the value of their cookie. */
  readonly sessions: Map<string, Session>;
  /** `jti` of access tokens that an MFA grant answered with. */
  readonly confirmTokens: Set<string>;
  switches: Switches;
  faults: Fault[];
  inbox: Message[];
  logs: TenantLog[];
  requests: RequestRecord[];
}

/** Faults end with their process, and so does the list of requests. */
type Kept = Omit<State, 'faults' | 'requests'>;

export interface Tenant {
  readonly clock: Clock;
  readonly random: Random;
  readonly tokens: Tokens;
  readonly seals: Seals;
  readonly client: { readonly id: string; readonly secret: string };
  state: State;
  /** Known once the public side listens. */
  place: Place;
  /** Back to the state of the start: the set-up and no other user, default switches, real time. Keys and secrets stay. */
  reset(): void;
  /** Leaves everything to the next process, where there is a file for that. */
  keep(): void;
}

export interface TenantOptions {
  readonly seed?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly tokenEndpointAuthMethod?: TokenEndpointAuthMethod | undefined;
  readonly stateFile?: string | undefined;
  /** Told of the tenant when it is there and after each reset. */
  readonly prepare?: (tenant: Tenant) => void;
}

export async function createTenant(options: TenantOptions): Promise<Tenant> {
  const { stateFile } = options;
  const kept = stateFile === undefined ? undefined : readKeptState<Kept>(stateFile);
  const clock = createClock();
  const random = createRandom(options.seed);
  // A sequence of its own: the one of ids and codes begins the same after a reset as after a start.
  const ofClient = createRandom(options.seed === undefined ? undefined : `${options.seed}:client`);
  const client = {
    id: options.clientId ?? kept?.client.id ?? ofClient.text(alphabets.alphanumeric, 32),
    secret: options.clientSecret ?? kept?.client.secret ?? ofClient.text(alphabets.alphanumeric, 64),
  };
  const emptyState = (): State => ({
    users: new Map(),
    applications: new Map([[client.id, createApplication(client.id, client.secret, options.tokenEndpointAuthMethod)]]),
    apis: new Map(),
    roles: new Map(),
    challenges: new Map(),
    authorizationCodes: new Map(),
    refreshTokens: new Map(),
    signIns: new Map(),
    sessions: new Map(),
    confirmTokens: new Set(),
    switches: defaultSwitches(),
    faults: [],
    inbox: [],
    logs: [],
    requests: [],
  });
  const keys = kept?.keys ?? (await newKeys(clock));
  if (kept !== undefined) clock.advance(kept.clockOffset / 1000);
  const tenant: Tenant = {
    clock,
    random,
    client,
    tokens: await createTokens(clock, keys.signingKey),
    seals: createSeals(keys.sealId, keys.sealPassword, clock),
    state: kept === undefined ? emptyState() : restored(emptyState(), kept.state),
    place: { origin: 'http://127.0.0.1', domain: '127.0.0.1' },
    reset: () => {
      clock.reset();
      random.reset();
      tenant.state = emptyState();
      options.prepare?.(tenant);
    },
    keep: () => {
      if (stateFile === undefined) return;
      const { faults: _faults, requests: _requests, ...state } = tenant.state;
      writeKeptState(stateFile, { version: 1, client, keys, clockOffset: clock.offset(), state });
    },
  };
  options.prepare?.(tenant);
  return tenant;
}

/** The state that was kept; the application of the options is there, whatever the one before was called. */
function restored(empty: State, kept: Kept): State {
  return { ...empty, ...kept, applications: new Map([...empty.applications, ...kept.applications]) };
}

/** Never seeded: tokens and seals of one emulator must mean nothing to another. */
const newKeys = async (clock: Clock): Promise<Keys> => ({
  signingKey: await newSigningKey(),
  sealId: `SERVER_${epochSeconds(clock.now())}`,
  sealPassword: createRandom().text(alphabets.alphanumeric, 48),
});
