import { z } from 'zod';
import { send } from '../../stack/http';
import type { Engine } from '../engine';

const startAnswer = z.object({ id: z.string() });
const codeAnswer = z.object({ setupKey: z.string().optional() });

/** Through the HTTP surface that the servers below bench/rivals have in common. */
export function rival(base: string): Pick<Engine, 'start' | 'code' | 'next'> {
  const setupKeys = new Map<string, string>();
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const answer = await send({ method: 'POST', url: `${base}${path}`, body });
    if (answer.status >= 400) throw new Error(`POST ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return {
    async start({ userId, accessToken, phoneNumber }) {
      return startAnswer.parse(await post('/start', { userId, accessToken, phoneNumber })).id;
    },
    async code(id, factor, code) {
      setupKeys.set(id, codeAnswer.parse(await post('/code', { id, factor, code })).setupKey ?? '');
    },
    async next(id) {
      const setupKey = setupKeys.get(id) ?? '';
      setupKeys.delete(id);
      return setupKey;
    },
  };
}
