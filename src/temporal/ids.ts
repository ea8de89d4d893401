import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';

// 16 bytes in base64url: the last character carries two bits only, so any other would not survive the way back.
const workflowIdPattern = /^mfa-enrollment-([A-Za-z0-9_-]{21}[AQgw])$/;
const runIdPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const enrollmentIdPattern = /^enr_([A-Za-z0-9_-]{64})$/;

/** One run of one case, as Temporal names it. */
export interface EnrollmentRun {
  readonly workflowId: string;
  readonly runId: string;
}

/** A run, and the key under which its ids are made. */
export interface KeyedRun extends EnrollmentRun {
  /** `keyId` of that key; the current one when absent. */
  readonly keyId?: string;
}

export interface EnrollmentIds {
  /** 48 bits of a keyed hash: names the current key and tells nothing of it. An enrollment keeps the key that it was started under. */
  readonly keyId: string;
  /**
   * `mfa-enrollment-` and 22 characters: 128 bits of a keyed hash of tenant and user (ASVS 5.0, 11.5.1). The same user of
   * the same tenant has the same id, which is what keeps a second live case out; nobody without the key can tell whose it is.
   */
  workflowId(tenantDomain: string, userId: string): string;
  /** The same under each key of the ring, the current one first: all ids under which this user can have a case. */
  workflowIds(tenantDomain: string, userId: string): readonly string[];
  /** Is this an id that `workflowId` could have made? A case started by hand under another id has no enrollment id. */
  isWorkflowId(workflowId: string): boolean;
  /**
   * `enr_` and 64 characters safe in a URL: workflow and run with a 128-bit proof that we made it, under the key of the run
   * when that is in the ring, else under the current one.
   * Throws RangeError when the workflow id is not one of ours or the run id is no UUID.
   */
  enrollmentId(workflowId: string, runId: string, keyId?: string): string;
  /** Undefined for whatever `enrollmentId` did not make under a key of the ring; never throws. */
  parseEnrollmentId(id: string): Required<KeyedRun> | undefined;
  /** What a start request asks for, to tell a repeated start from another one. 128 bits of a keyed hash; key order is nothing. */
  fingerprint(body: unknown): string;
  /** Is this the fingerprint of that body, under any key of the ring? */
  isFingerprint(text: string | undefined, body: unknown): boolean;
  /**
   * The update id of one call: the same caller, `Idempotency-Key` and body give the same id, so Temporal answers a repeated
   * call with the first result. `upd_` and 43 characters; holds nothing of the key or the body that can be read back.
   */
  updateId(caller: string, idempotencyKey: string, body: unknown): string;
  /** 128 bits of a keyed hash of caller and `Idempotency-Key`: what a repeated start is known by, also after its enrollment has ended. */
  startKey(caller: string, idempotencyKey: string): string;
  /** Is this the start key of that call, under any key of the ring? */
  isStartKey(text: string | undefined, caller: string, idempotencyKey: string): boolean;
  /** 128 bits of a keyed hash: the same caller, `Idempotency-Key` and enrollment give the same single-use link. */
  linkId(caller: string, idempotencyKey: string, enrollmentId: string): string;
  /** 128 bits of a keyed hash of a caller's name: the owner of what that caller starts. */
  owner(caller: string): string;
  /** The same under each key of the ring, the current one first. */
  owners(caller: string): readonly string[];
  /** 128 bits of a keyed hash of the name by which a caller knows the person who acts. */
  person(name: string): string;
  /** 128 bits of a keyed hash of a phone number (E.164): what its enrollments are found by. */
  phoneNumber(number: string): string;
  /** The same under each key of the ring, the current one first. */
  phoneNumbers(number: string): readonly string[];
  /**
   * The same ids with the key of this enrollment as the current one. What is kept or counted within an enrollment is named
   * under its own key, so that it stays the same when `ID_KEY` is replaced. As it is, for an id that is not ours.
   */
  under(enrollmentId: string): EnrollmentIds;
}

/**
 * The ids of cases and messages. New ones are made under `current` (`ID_KEY`); those of `previous` keys (`ID_KEYS_PREVIOUS`)
 * still hold. Cases of a key that is in neither are not found.
 */
export function enrollmentIds(current: KeyObject, previous: readonly KeyObject[] = []): EnrollmentIds {
  return idsOf(keyed(current), previous.map(keyed));
}

type Keyed = ReturnType<typeof keyed>;

/** The hashes under one key. */
function keyed(key: KeyObject) {
  // The purpose goes in first, so that a hash made for one use is worth nothing in another.
  const hash = (purpose: string, ...parts: readonly unknown[]): Buffer =>
    createHmac('sha256', key)
      .update(canonicalJson([purpose, ...parts]))
      .digest();
  const short = (purpose: string, ...parts: readonly unknown[]): string =>
    hash(purpose, ...parts)
      .subarray(0, 16)
      .toString('base64url');
  return {
    keyId: hash('key-id').subarray(0, 6).toString('base64url'),
    workflowId: (tenantDomain: string, userId: string): string =>
      `mfa-enrollment-${short('workflow-id', tenantDomain.toLowerCase(), userId)}`,
    proof: (body: Buffer): Buffer => hash('enrollment-id', body.toString('base64url')).subarray(0, 16),
    fingerprint: (body: unknown): string => short('fingerprint', body),
    updateId: (caller: string, idempotencyKey: string, body: unknown): string =>
      `upd_${hash('update-id', caller, idempotencyKey, body).toString('base64url')}`,
    startKey: (caller: string, idempotencyKey: string): string => short('start-key', caller, idempotencyKey),
    linkId: (caller: string, idempotencyKey: string, enrollmentId: string): string =>
      short('link-id', caller, idempotencyKey, enrollmentId),
    owner: (caller: string): string => short('owner', caller),
    person: (name: string): string => short('person', name),
    phoneNumber: (number: string): string => short('phone-number', number),
  };
}

function idsOf(current: Keyed, previous: readonly Keyed[]): EnrollmentIds {
  const ring = [current, ...previous];
  const makerOf = (id: string): { readonly maker: Keyed; readonly body: Buffer } | undefined => {
    const encoded = enrollmentIdPattern.exec(id)?.[1];
    if (encoded === undefined) return undefined;
    const bytes = Buffer.from(encoded, 'base64url');
    const body = bytes.subarray(0, 32);
    const maker = ring.find(({ proof }) => timingSafeEqual(bytes.subarray(32), proof(body)));
    return maker && { maker, body };
  };

  const ids: EnrollmentIds = {
    keyId: current.keyId,
    workflowId: current.workflowId,
    workflowIds: (tenantDomain, userId) => ring.map(({ workflowId }) => workflowId(tenantDomain, userId)),
    isWorkflowId: (workflowId) => workflowIdPattern.test(workflowId),
    enrollmentId: (workflowId, runId, keyId) => {
      const opaque = workflowIdPattern.exec(workflowId)?.[1];
      if (opaque === undefined)
        throw new RangeError('expected a workflow id of the form mfa-enrollment-<22 characters>');
      if (!runIdPattern.test(runId)) throw new RangeError('expected a run id that is a lower-case UUID');
      const body = Buffer.concat([Buffer.from(opaque, 'base64url'), Buffer.from(runId.replaceAll('-', ''), 'hex')]);
      const { proof } = ring.find((key) => key.keyId === keyId) ?? current;
      return `enr_${Buffer.concat([body, proof(body)]).toString('base64url')}`;
    },
    parseEnrollmentId: (id) => {
      const made = makerOf(id);
      if (made === undefined) return undefined;
      const run = made.body.subarray(16).toString('hex');
      return {
        workflowId: `mfa-enrollment-${made.body.subarray(0, 16).toString('base64url')}`,
        runId: run.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
        keyId: made.maker.keyId,
      };
    },
    fingerprint: current.fingerprint,
    isFingerprint: (text, body) => ring.some(({ fingerprint }) => fingerprint(body) === text),
    updateId: current.updateId,
    startKey: current.startKey,
    isStartKey: (text, caller, idempotencyKey) =>
      ring.some(({ startKey }) => startKey(caller, idempotencyKey) === text),
    linkId: current.linkId,
    owner: current.owner,
    owners: (caller) => ring.map(({ owner }) => owner(caller)),
    person: current.person,
    phoneNumber: current.phoneNumber,
    phoneNumbers: (number) => ring.map(({ phoneNumber }) => phoneNumber(number)),
    under: (enrollmentId) => {
      const maker = makerOf(enrollmentId)?.maker;
      if (maker === undefined || maker === current) return ids;
      return idsOf(
        maker,
        ring.filter((key) => key !== maker),
      );
    },
  };
  return ids;
}

/** JSON with sorted keys: two bodies that mean the same are the same text. */
const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
