import { condition, defineQuery, defineSignal, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { Unreadable, Unsealed } from '../../../src/enrollment/unsealed';
import { searchAttributes } from '../../../src/workflows/search-attributes';

export const note = defineSignal<[unknown?]>('note');
export const notes = defineQuery<readonly unknown[]>('notes');

/** Takes notes until the third, then gives them back, and tells which were not sealed. */
export async function waitingWorkflow(first: string): Promise<readonly unknown[]> {
  const taken: unknown[] = [first];
  setHandler(note, (value) => void taken.push(told(value)));
  setHandler(notes, () => taken);
  upsertSearchAttributes([{ key: searchAttributes.state, value: 'awaiting_code' }]);
  await condition(() => taken.length === 3);
  return taken;
}

function told(value: unknown): unknown {
  if (value instanceof Unsealed) return { inClear: value.value ?? 'unreadable' };
  return value instanceof Unreadable ? { unreadable: value.reason } : value;
}
