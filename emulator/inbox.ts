/** What a phone or mailbox would have received. */
export interface Message {
  readonly channel: 'sms' | 'voice' | 'email' | 'push';
  /** The number or address; for push the device's authenticator id. */
  readonly to: string;
  /** Six digits; absent for push. */
  readonly code?: string;
  readonly userId: string;
  /** ISO 8601, emulator time. */
  readonly at: string;
}
