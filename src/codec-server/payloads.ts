import { JSONToPayload, payloadToJSON, type JSONPayload } from '@temporalio/common/lib/proto-utils';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import { z } from 'zod';
import { PayloadDecryptionError } from '../temporal/payload-codec';

/** Of either alphabet, padded or not, as protobuf's JSON allows. */
const base64 = z
  .string()
  .regex(/^[A-Za-z0-9+/_-]*={0,2}$/)
  .refine((text) => text.replace(/=+$/, '').length % 4 !== 1);

/** The body of both calls and of their answers: protobuf's JSON of `temporal.api.common.v1.Payloads`. */
export const payloadsBody = z.object({
  payloads: z
    .array(z.looseObject({ metadata: z.record(z.string(), base64).nullish(), data: base64.nullish() }))
    .default([]), // protobuf's JSON leaves an empty list out
});
type Body = z.infer<typeof payloadsBody>;
type Item = Body['payloads'][number];

export interface Decoded {
  readonly payloads: readonly (Item | JSONPayload)[];
  /** How many stayed encrypted: their key is missing, or they were changed. */
  readonly unreadable: number;
}

/**
 * Same length, same order. What is not encrypted, or cannot be decrypted, comes back as it went in: a page shows the rest.
 * What was decrypted passes through `show`.
 */
export async function decodePayloads(
  codec: PayloadCodec,
  { payloads }: Body,
  show: (payload: Payload) => Payload,
): Promise<Decoded> {
  let unreadable = 0;
  const decode = async (item: Item): Promise<Item | JSONPayload> => {
    const payload = toPayload(item);
    try {
      const [decoded] = await codec.decode([payload]);
      return decoded === undefined || decoded === payload ? item : payloadToJSON(show(decoded));
    } catch (error) {
      if (!(error instanceof PayloadDecryptionError)) throw error;
      unreadable += 1;
      return item;
    }
  };
  return { payloads: await Promise.all(payloads.map(decode)), unreadable };
}

/** Same length, same order; sealed for the workflow that the context names. */
export async function encodePayloads(
  codec: PayloadCodec,
  { payloads }: Body,
  context: SerializationContext,
): Promise<readonly JSONPayload[]> {
  return (await codec.encode(payloads.map(toPayload), context)).map(payloadToJSON);
}

const toPayload = ({ metadata, data }: Item): Payload =>
  JSONToPayload({ metadata: metadata ?? null, data: data ?? null });
