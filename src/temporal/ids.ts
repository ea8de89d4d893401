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

export interface EnrollmentIds {
  /**
   * `mfa-enrollment-` and 22 characters: 128 bits of a keyed hash of tenant and user (ASVS 5.0, 11.5.1). The same user of
   * the same tenant has the same id, which is what keeps a second live case out; nobody without the key can tell whose it is.
   */
  workflowId(tenantDomain: string, userId: string): string;
  /** Is this an id that `workflowId` could have made? A case started by hand under another id has no enrollment id. */
  isWorkflowId(workflowId: string): boolean;
  /**
   * `enr_` and 64 characters safe in a URL: workflow and run with a 128-bit proof that we made it.
   * Throws RangeError when the workflow id is not one of ours or the run id is no UUID.
   */
  enrollmentId(workflowId: string, runId: string): string;
  /** Undefined for whatever `enrollmentId` did not make under this key; never throws. */
  parseEnrollmentId(id: string): EnrollmentRun | undefined;
  /** What a start request asks for, to tell a repeated start from another one. 128 bits of a keyed hash; key order is nothing. */
  fingerprint(body: unknown): string;
  /**
   * The update id of one call: the same caller, `Idempotency-Key` and body give the same id, so Temporal answers a repeated
   * call with the first result. `upd_` and 43 characters; holds nothing of the key or the body that can be read back.
   */
  updateId(caller: string, idempotencyKey: string, body: unknown): string;
  /** 128 bits of a keyed hash of caller and `Idempotency-Key`: what a repeated start is known by, also after its enrollment has ended. */
  startKey(caller: string, idempotencyKey: string): string;
  /** 128 bits of a keyed hash of a caller's name: the owner of what that caller starts. */
  owner(caller: string): string;
}

/** The ids of cases and messages under one key (`ID_KEY`). Another key gives other ids: open cases are then not found. */
export function enrollmentIds(idKey: KeyObject): EnrollmentIds {
  // The purpose goes in first, so that a hash made for one use is worth nothing in another.
  const hash = (purpose: string, ...parts: readonly unknown[]): Buffer =>
    createHmac('sha256', idKey)
      .update(canonicalJson([purpose, ...parts]))
      .digest();
  const short = (digest: Buffer): string => digest.subarray(0, 16).toString('base64url');
  const proof = (body: Buffer): Buffer => hash('enrollment-id', body.toString('base64url')).subarray(0, 16);

  return {
    workflowId: (tenantDomain, userId) => {
      const opaque = hash('workflow-id', tenantDomain.toLowerCase(), userId).subarray(0, 16);
      return `mfa-enrollment-${opaque.toString('base64url')}`;
    },
    isWorkflowId: (workflowId) => workflowIdPattern.test(workflowId),
    enrollmentId: (workflowId, runId) => {
      const opaque = workflowIdPattern.exec(workflowId)?.[1];
      if (opaque === undefined)
        throw new RangeError('expected a workflow id of the form mfa-enrollment-<22 characters>');
      if (!runIdPattern.test(runId)) throw new RangeError('expected a run id that is a lower-case UUID');
      const body = Buffer.concat([Buffer.from(opaque, 'base64url'), Buffer.from(runId.replaceAll('-', ''), 'hex')]);
      return `enr_${Buffer.concat([body, proof(body)]).toString('base64url')}`;
    },
    parseEnrollmentId: (id) => {
      const encoded = enrollmentIdPattern.exec(id)?.[1];
      if (encoded === undefined) return undefined;
      const bytes = Buffer.from(encoded, 'base64url');
      const body = bytes.subarray(0, 32);
      if (!timingSafeEqual(bytes.subarray(32), proof(body))) return undefined;
      const run = body.subarray(16).toString('hex');
      return {
        workflowId: `mfa-enrollment-${body.subarray(0, 16).toString('base64url')}`,
        runId: run.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
      };
    },
    fingerprint: (body) => short(hash('fingerprint', body)),
    updateId: (caller, idempotencyKey, body) =>
      `upd_${hash('update-id', caller, idempotencyKey, body).toString('base64url')}`,
    startKey: (caller, idempotencyKey) => short(hash('start-key', caller, idempotencyKey)),
    owner: (caller) => short(hash('owner', caller)),
  };
}

/** JSON with sorted keys: two bodies that mean the same are the same text. */
const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
