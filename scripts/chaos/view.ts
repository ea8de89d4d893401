import { z } from 'zod';

/** What the people around a case read of the API's status view. */
export const view = z.object({
  id: z.string(),
  state: z.string(),
  factor: z.string().optional(),
  factors: z.array(z.object({ factor: z.string(), state: z.string(), active: z.boolean() })),
  textsLeft: z.number(),
  nextTextAt: z.string().optional(),
  challenge: z.object({ challengeId: z.string(), type: z.string(), expiresAt: z.string() }).optional(),
  waitingFor: z.object({ who: z.string(), what: z.string() }),
  lastProblem: z.object({ code: z.string(), message: z.string() }).optional(),
  endedAt: z.string().optional(),
});
export type View = z.infer<typeof view>;
