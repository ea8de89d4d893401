import type { Service } from '../stack/service';
import type { DesklessStack } from '../stack/stack-file';
import type { Tenant } from '../stack/tenant';

export const engineNames = ['ours', 'before', 'floor', 'floor-http', 'temporal', 'dbos', 'restate', 'bare'] as const;
export type EngineName = (typeof engineNames)[number];

/** Who enrolls. */
export interface Person {
  readonly userId: string;
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly phoneNumber: string;
}

export type CodeFactor = 'sms' | 'otp';

/** One way to enroll somebody with SMS and then TOTP. */
export interface Engine {
  readonly name: EngineName;
  /** Whose texts and authenticators it works with; absent: it calls nobody. */
  readonly tenant?: BenchTenant;
  /** Its processes by the name under which their CPU time is reported; absent: it works inside the driver. */
  readonly processes: Readonly<Record<string, () => number | undefined>>;
  /** Where its runs are, when Temporal keeps them. */
  readonly histories?: HistoryPlace;
  /** The process that a crash is to end, with the workflow's code in it. */
  readonly crashes?: Service;
  /** Resolves with the enrollment's id when the text is sent. */
  start(person: Person): Promise<string>;
  /** Resolves when the code is confirmed. Rejects when it is not. */
  code(id: string, factor: CodeFactor, code: string): Promise<void>;
  /** After `code`: resolves with the setup key of the app (sms), or when the enrollment is completed (otp; empty). */
  next(id: string, factor: CodeFactor): Promise<string>;
}

export interface BenchTenant {
  readonly tenant: Tenant;
  readonly stack: DesklessStack;
  readonly pid: () => number | undefined;
}

export interface HistoryPlace {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly workflowType: string;
}
